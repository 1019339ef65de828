"""What is kept, on SQLite or PostgreSQL: event log, lineage, exceptions, overrides, audit, usage."""
