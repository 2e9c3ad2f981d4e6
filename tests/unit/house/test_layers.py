"""The layer rules bite: an import that breaks one is found."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.house.repository import ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/types.py", "import torch", "The core is pure"),
        ("core/errors.py", "import semioscope.store", "Layers: api over service"),
        ("store/__init__.py", "import semioscope.rules.protocol", "Rules and store never meet"),
        ("service/access.py", "import sqlalchemy", "Only the store knows SQLAlchemy"),
        ("physics/table.py", "import semioscope.rules", "Instruments know the core alone"),
        ("rules/protocol.py", "import fastapi", "Only the API knows FastAPI"),
        ("service/access.py", "import transformers", "Only rules know torch and transformers"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(
    tmp_path: Path, module: str, line: str, contract: str
) -> None:
    package = tmp_path / "semioscope"
    shutil.copytree(ROOT / "backend/semioscope", package)
    broken = package / module
    broken.write_text(broken.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")

    answer = subprocess.run(
        [str(LINT_IMPORTS), "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    verdicts = [text for text in answer.stdout.splitlines() if text.endswith("BROKEN")]
    assert any(text.startswith(contract) for text in verdicts), answer.stdout
