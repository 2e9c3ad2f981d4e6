"""The page stays light, and the weighing finds every script."""

from pathlib import Path

from tests.bench.page_weight import DIST, first_scripts, first_scripts_kilobytes

BUDGET_KILOBYTES = 100


def test_what_loads_before_the_first_interaction_is_within_the_budget() -> None:
    assert 10 < first_scripts_kilobytes() <= BUDGET_KILOBYTES


def test_static_imports_count_and_lazy_ones_do_not(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text('<script type="module" src="/assets/main.js"></script>')
    (tmp_path / "assets/main.js").write_text('import{a}from"./near.js";import("./late.js")')
    (tmp_path / "assets/near.js").write_text('import"./deep.js";export const a=1')
    (tmp_path / "assets/deep.js").write_text("1")
    (tmp_path / "assets/late.js").write_text("2")

    names = {path.name for path in first_scripts(tmp_path)}
    assert names == {"main.js", "near.js", "deep.js"}


def test_the_page_names_no_other_host() -> None:
    page = (DIST / "index.html").read_text(encoding="utf-8")
    assert "://" not in page
