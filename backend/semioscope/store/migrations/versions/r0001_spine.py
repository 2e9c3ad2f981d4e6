"""Identities, trees, events, snapshots, links, rights."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """From an empty file."""
    op.create_table(
        "identities",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("last_seen", sa.Float, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
    )
    op.create_table(
        "trees",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("read_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("rule", sa.JSON, nullable=False),
        sa.Column("rule_fingerprint", sa.Text, nullable=False),
        sa.Column("prompt", sa.JSON, nullable=False),
        sa.Column("max_length", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("states", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.Column("origin_ref", sa.Text),
        sa.Column("origin_seq", sa.Integer),
        sa.Column("deleted_at", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_trees"),
        sa.ForeignKeyConstraint(["owner"], ["identities.id"], name="fk_trees_owner"),
        sa.UniqueConstraint("read_id", name="uq_trees_read_id"),
    )
    op.create_index("ix_trees_owner", "trees", ["owner"])
    op.create_table(
        "events",
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("automatic", sa.Boolean, nullable=False),
        sa.Column("undoes", sa.Text),
        sa.Column("redoes", sa.Text),
        sa.Column("states", sa.Integer, nullable=False),
        sa.Column("frame", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tree", "seq", name="pk_events"),
        sa.ForeignKeyConstraint(["tree"], ["trees.id"], name="fk_events_tree"),
    )
    op.create_table(
        "snapshots",
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("frame", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tree", "seq", name="pk_snapshots"),
        sa.ForeignKeyConstraint(["tree"], ["trees.id"], name="fk_snapshots_tree"),
    )
    op.create_table(
        "links",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary),
        sa.Column("seq", sa.Integer),
        sa.Column("created_at", sa.Float, nullable=False),
        sa.Column("revoked_at", sa.Float),
        sa.Column("used_at", sa.Float),
        sa.PrimaryKeyConstraint("id", name="pk_links"),
        sa.ForeignKeyConstraint(["tree"], ["trees.id"], name="fk_links_tree"),
        sa.UniqueConstraint("secret_hash", name="uq_links_secret_hash"),
    )
    op.create_index("ix_links_tree", "links", ["tree"])
    op.create_table(
        "rights",
        sa.Column("tree", sa.Text, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("link", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tree", "identity", "link", name="pk_rights"),
        sa.ForeignKeyConstraint(["tree"], ["trees.id"], name="fk_rights_tree"),
        sa.ForeignKeyConstraint(["identity"], ["identities.id"], name="fk_rights_identity"),
        sa.ForeignKeyConstraint(["link"], ["links.id"], name="fk_rights_link"),
    )
    op.create_index("ix_rights_identity", "rights", ["identity"])
