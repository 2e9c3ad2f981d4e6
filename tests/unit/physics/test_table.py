"""Tables are rectangular, and the instruments cost a server's start nothing."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import semioscope.physics
from semioscope.physics.table import Column, Table


def column(name: str, *values: float) -> Column:
    return Column(name, "bits", "theorem", np.array(values), "A number.")


def test_a_table_is_known_by_its_columns() -> None:
    table = Table((column("a", 1, 2), column("b", 3, 4)))
    assert len(table) == 2
    assert table.values("b").tolist() == [3, 4]
    with pytest.raises(KeyError):
        table.column("c")
    assert len(Table(())) == 0


def test_columns_have_one_length_and_different_names() -> None:
    with pytest.raises(ValueError, match="one length"):
        Table((column("a", 1), column("b", 1, 2)))
    with pytest.raises(ValueError, match="different names"):
        Table((column("a", 1), column("a", 2)))


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    folder = Path(semioscope.physics.__file__).parent
    modules = [f"semioscope.physics.{path.stem}" for path in folder.glob("*.py")]
    assert len(modules) > 12
    script = (
        f"import sys, importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
        "print([name for name in ('scipy', 'sklearn', 're2', 'networkx') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(folder.parents[1])},
    )
    assert answer.stdout.strip() == "[]"
