"""Alembic's entry: runs the versions over the connection that Records.migrate holds."""

from alembic import context

from commandcenter.records.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
