"""The history of the schema leads to the schema."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from semioscope.core.errors import Unavailable
from semioscope.store.migration import SCRIPTS, ensure_schema, revision_of
from semioscope.store.schema import HEAD, metadata


def shape(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Columns, keys, foreign keys and indices of every table, as SQLite tells them."""
    told: dict[str, list[tuple[object, ...]]] = {}
    with closing(sqlite3.connect(path)) as connection:
        for table in metadata.tables:
            indices = connection.execute(f"PRAGMA index_list({table})").fetchall()
            told[table] = [
                *connection.execute(f"PRAGMA table_info({table})"),
                *connection.execute(f"PRAGMA foreign_key_list({table})"),
                *sorted(
                    (unique, origin, *connection.execute(f"PRAGMA index_info({name})"))
                    for _, name, unique, origin, _ in indices
                ),
            ]
    return told


def test_from_an_empty_file_the_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    migrated, declared = tmp_path / "migrated.sqlite", tmp_path / "declared.sqlite"
    ensure_schema(migrated)
    engine = create_engine(f"sqlite:///{declared}")
    metadata.create_all(engine)
    engine.dispose()
    assert shape(migrated) == shape(declared)
    assert all(shape(migrated).values())


def test_alembic_finds_nothing_left_to_migrate(tmp_path: Path) -> None:
    path = tmp_path / "trees.sqlite"
    ensure_schema(path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_at_head_alembic_is_not_even_imported(tmp_path: Path) -> None:
    path = tmp_path / "trees.sqlite"
    ensure_schema(path)
    script = (
        "import sys; from pathlib import Path; "
        "from semioscope.store.migration import ensure_schema; "
        "ensure_schema(Path(sys.argv[1])); sys.exit('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 0


def test_a_migration_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "trees.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE rights (id)")
    with pytest.raises(Exception, match="rights already exists"):
        ensure_schema(path)
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("rights",)]
    assert revision_of(path) is None


def test_a_server_waits_for_another_that_is_migrating(tmp_path: Path) -> None:
    example, path = tmp_path / "example.sqlite", tmp_path / "trees.sqlite"
    ensure_schema(example)
    with closing(sqlite3.connect(example)) as connection:
        statements = [line for line in connection.iterdump() if "TRANSACTION" not in line][:-1]
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        ThreadPoolExecutor(1) as threads,
    ):
        other.execute("BEGIN IMMEDIATE")
        waiting = threads.submit(ensure_schema, path)
        assert not wait([waiting], timeout=1).done
        for statement in statements:
            other.execute(statement)
        other.execute("COMMIT")
        waiting.result()
    assert shape(path) == shape(example)
    assert revision_of(path) == HEAD


def test_a_database_of_a_newer_version_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "trees.sqlite"
    ensure_schema(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    with pytest.raises(Unavailable) as refusal:
        ensure_schema(path)
    assert refusal.value.code == "newer-database"
    assert revision_of(path) == "9999"
