"""How Alembic finds the models and the connection; `store.migrations.upgrade` gives it the connection."""

from alembic import context

from store.tables import Base


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


run()
