"""Brings a database file to the newest schema; nearly free when it is there already."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, create_engine, event

from semioscope.core.errors import Unavailable
from semioscope.store.schema import HEAD

SCRIPTS: Final = Path(__file__).parent / "migrations"


def ensure_schema(path: Path) -> None:
    """Migrates `path` to `HEAD` in one transaction, making the file when there is none.

    Raises Unavailable "newer-database" for a file that a newer Semioscope wrote.
    """
    if revision_of(path) != HEAD:
        _upgrade(path)


def revision_of(path: Path) -> str | None:
    """The file's revision by one SELECT; None for a new file."""
    with closing(sqlite3.connect(path)) as connection:
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
    return None if row is None else str(row[0])


def _upgrade(path: Path) -> None:
    # Imported only here: alembic takes longer to import than a start at head takes in all.
    from alembic import command
    from alembic.config import Config
    from alembic.util.exc import CommandError

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    engine = create_engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "begin", _begin_immediate)
    try:
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise Unavailable(
            "newer-database",
            f"The database {path} was not written by this version of Semioscope.",
            "Start the version that wrote it, or choose another data folder.",
        ) from error
    finally:
        engine.dispose()


def _begin_immediate(connection: Connection) -> None:
    # Two servers that start together migrate one after the other.
    connection.exec_driver_sql("BEGIN IMMEDIATE")
