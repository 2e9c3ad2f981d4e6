"""The tables. A change here needs a migration beside it, and `HEAD` to name it."""

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

HEAD: Final = "0001"
"""The newest migration, known without importing alembic."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

identities = Table(
    "identities",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("last_seen", Float, nullable=False),
)

trees = Table(
    "trees",
    metadata,
    Column("id", Text, primary_key=True),
    Column("owner", Text, ForeignKey("identities.id"), nullable=False, index=True),
    Column("read_id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("rule", JSON, nullable=False),
    Column("rule_fingerprint", Text, nullable=False),
    Column("prompt", JSON, nullable=False),
    Column("max_length", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("states", Integer, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("updated_at", Float, nullable=False),
    Column("origin_ref", Text),
    Column("origin_seq", Integer),
    Column("deleted_at", Float),
)

events = Table(
    "events",
    metadata,
    Column("tree", Text, ForeignKey("trees.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("by", Text, nullable=False),
    Column("change", Text, nullable=False),
    Column("automatic", Boolean, nullable=False),
    Column("undoes", Text),
    Column("redoes", Text),
    Column("states", Integer, nullable=False),
    # Last, so that reading the other columns never touches a blob's overflow pages.
    Column("frame", LargeBinary, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("tree", Text, ForeignKey("trees.id"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("frame", LargeBinary, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("tree", Text, ForeignKey("trees.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("secret_hash", LargeBinary, unique=True),
    Column("seq", Integer),
    Column("created_at", Float, nullable=False),
    Column("revoked_at", Float),
    Column("used_at", Float),
)

# A right belongs to the invitation it came from: revoking one leaves what another gave.
rights = Table(
    "rights",
    metadata,
    Column("tree", Text, ForeignKey("trees.id"), primary_key=True),
    Column("identity", Text, ForeignKey("identities.id"), primary_key=True),
    Column("link", Text, ForeignKey("links.id"), primary_key=True),
    Column("role", Text, nullable=False),
    Index("ix_rights_identity", "identity"),
)
