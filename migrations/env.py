"""Runs the migrations on the connection that `kt_flows.store.schema` hands in, else on KT_FLOWS_DATABASE_URL."""

import os

import sqlalchemy as sa
from alembic import context

from kt_flows.store.tables import metadata


def run(connection: sa.Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with sa.create_engine(os.environ["KT_FLOWS_DATABASE_URL"]).begin() as opened:
        run(opened)
