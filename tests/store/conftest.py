from tests.store.databases import (
    database,
    database_url,
    postgres,
    postgres_url,
    sqlite_database,
    sqlite_template,
    sqlite_url,
)

__all__ = [
    "database",
    "database_url",
    "postgres",
    "postgres_url",
    "sqlite_database",
    "sqlite_template",
    "sqlite_url",
]
