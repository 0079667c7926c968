"""Alembic's entry. The connection is given by ``yinyi.app.migrations``; the schema is that of all domains."""

from alembic import context
from sqlalchemy import Connection

from yinyi.app.schema import METADATA

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, compare_server_default=True)
with context.begin_transaction():
    context.run_migrations()
