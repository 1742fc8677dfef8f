"""What a case is looked at by: which token a line of history is about, what mails said, files put to it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, UUID

revision = "0005"
down_revision = "0004"

MONTHS = """
    select replace(c.relname, 'past_instance_', '') as month, pg_get_expr(c.relpartbound, c.oid) as bounds
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'past_instance'::regclass
    """


def upgrade() -> None:
    op.add_column("history", sa.Column("wait", sa.Integer()))
    op.add_column("mail_out", sa.Column("subject", sa.Text()))
    op.add_column("mail_out", sa.Column("text", sa.Text()))
    op.add_column("mail_in", sa.Column("recipients", ARRAY(sa.Text())))
    op.add_column("mail_in", sa.Column("attachments", JSONB()))
    op.create_index("ix_mail_in_instance_id", "mail_in", ["instance_id"])
    op.create_table(
        "attachment",
        sa.Column("instance_id", UUID(), nullable=False),
        sa.Column("id", UUID(), nullable=False),
        sa.Column("at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("data", BYTEA(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "id", name="pk_attachment"),
        postgresql_partition_by="RANGE (instance_id)",
    )
    op.create_index("ix_attachment_id", "attachment", ["id"])
    # The same months as the other tables have by now.
    for month, bounds in op.get_bind().execute(sa.text(MONTHS)).all():
        op.execute(f"create table attachment_{month} partition of attachment {bounds}")


def downgrade() -> None:
    """What people put to cases, and what mails said, goes."""
    op.drop_table("attachment")
    op.drop_index("ix_mail_in_instance_id", "mail_in")
    op.drop_column("mail_in", "attachments")
    op.drop_column("mail_in", "recipients")
    op.drop_column("mail_out", "text")
    op.drop_column("mail_out", "subject")
    op.drop_column("history", "wait")
