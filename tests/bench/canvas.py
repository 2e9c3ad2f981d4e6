"""The canvas on trees of 1,000, 100,000 and 1,000,000 nodes, in a real Chromium.

`python -m tests.bench.canvas` prints a table and, last, one RESULT line, with what a zoom on the
default model takes (tests/bench/zooming.py). The trees are grown by a
chain of characters, stored as a server stores them (the last snapshot up to 25,000 nodes old), and
kept in the temporary folder for the next run. Each is opened by a click on the first screen, of a
server that was started for it and has not read it yet.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import statistics
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from semioscope.core import frame
from semioscope.store.schema import HEAD
from tests import big_tree
from tests.bench import zooming
from tests.big_tree import BigTree
from tests.e2e.browser import launch
from tests.server import Server

SIZES: Final = (1_000, 100_000, 1_000_000)
SNAPSHOT_AGE: Final = 25_000
"""Nodes since the last snapshot: half of what may be."""
OPENINGS: Final = 3
WINDOW: Final = {"width": 1440, "height": 910}
INPUTS: Final = 120
REST_MS: Final = 1500
"""Between the first screen and the click."""
GROWN: Final = 256
"""States of one event."""
HERE: Final = Path(__file__).parent
FRONTEND: Final = HERE.parents[1] / "frontend"
PAGE_SCRIPT: Final = HERE / "canvas_page.js"


@dataclass(frozen=True)
class Moved:
    """Frames while somebody zooms and drags, all in milliseconds."""

    interval: float
    interval_95: float
    script: float
    script_95: float


@dataclass(frozen=True)
class Measured:
    """One size: milliseconds from a click to the first picture and to the whole tree; bytes of
    the whole page a node; milliseconds that an event of the log keeps the page busy."""

    nodes: int
    first: float
    whole: float
    moved: Moved
    bytes_a_node: float
    append: float
    append_most: float


def trees_in(folder: Path) -> dict[int, BigTree]:
    """The stored trees, grown on first use."""
    listed = folder / "trees.json"
    if listed.exists():
        found = json.loads(listed.read_text())
        return {int(size): BigTree(**tree) for size, tree in found.items()}
    rule = big_tree.chain()
    made = {}
    for size in SIZES:
        age = min(SNAPSHOT_AGE, size // 2)
        at = size - age if size >= 50_000 else None
        made[size] = asyncio.run(big_tree.store(folder, rule, size, snapshot_at=at))
    listed.write_text(json.dumps({size: asdict(tree) for size, tree in made.items()}))
    return made


def kept_folder() -> Path:
    """Where the trees are kept between runs: another folder when what makes them changes."""
    made_by = (Path(big_tree.__file__).read_bytes(), HEAD.encode(), str(frame.VERSION).encode())
    name = hashlib.sha256(b"".join(made_by)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"semioscope-bench-canvas-{name}"


def visit(page: Page, tree: BigTree) -> None:
    """Opens the tree by a click on the first screen, and waits until all of it is there."""
    page.locator(f'[data-testid=recent][href$="{tree.ref}"]').click()
    page.wait_for_function("() => window.__bench.whole !== null", timeout=120_000, polling=100)


def enter(browser: Browser, server: Server, tree: BigTree) -> Page:
    """The first screen in a browser of the tree's owner, at rest."""
    context = browser.new_context(viewport=WINDOW)  # type: ignore[arg-type]  # a constant
    cookie = {"name": "semioscope", "value": tree.token, "url": server.url}
    context.add_cookies([cookie])  # type: ignore[list-item]  # a plain dict will do
    page = context.new_page()
    page.add_init_script(path=PAGE_SCRIPT)
    page.goto(server.url)
    page.get_by_test_id("recent").first.wait_for()
    page.wait_for_timeout(REST_MS)
    return page


def move(page: Page) -> Moved:
    """Zooms in and out with the wheel, and drags, one input a frame."""
    box = page.get_by_test_id("worlds").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.4
    page.mouse.move(x, y)
    page.evaluate("() => window.__bench.start()")
    for turn in range(INPUTS):
        page.mouse.wheel(0, -60 if turn % 60 < 30 else 60)
        page.wait_for_timeout(8)
    page.mouse.down()
    for turn in range(INPUTS):
        page.mouse.move(x, y + (turn % 60 if turn % 120 < 60 else 60 - turn % 60) * 3)
        page.wait_for_timeout(8)
    page.mouse.up()
    for _ in range(3):
        page.keyboard.press("Escape")
        page.wait_for_timeout(300)
    found = page.evaluate("() => window.__bench.stop()")
    scripts = [each for each in found["scripts"] if each > 0.2] or [0.0]
    return Moved(
        statistics.median(found["frames"]),
        quantile(found["frames"], 0.95),
        statistics.median(scripts),
        quantile(scripts, 0.95),
    )


def memory(page: Page) -> float:
    """Bytes of JavaScript objects and of the arrays they hold, after a collection."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")
    session.detach()
    return float(used["usedSize"] + used.get("backingStorageSize", 0))


def appended(page: Page, server: Server, tree: BigTree) -> list[float]:
    """Milliseconds that each event of a growth of the whole tree keeps the page busy."""
    page.evaluate("() => { window.__bench.messages = []; }")
    for _ in range(8):
        body = {"state": {"node": 0}, "strategy": {"kind": "best_first", "states": GROWN}}
        url = f"{server.url}/api/trees/{tree.ref}/growths"
        answer = page.request.post(url, data=body)
        assert answer.ok, answer.text()
        job = answer.json()["id"]
        page.wait_for_function(
            "() => !document.querySelector('[data-testid=job][data-state=running]')", timeout=60_000
        )
        page.wait_for_timeout(500)
        assert job
    found: list[float] = page.evaluate("() => window.__bench.messages")
    return found


def measure(browser: Browser, folder: Path, tree: BigTree, size: int) -> Measured:
    """One size, all of it; the server starts anew for every opening."""
    firsts, wholes = [], []
    server = Server(folder, rule="coin", load_at_start="none", max_nodes="4000000")
    for opening in range(OPENINGS):
        server.start()
        try:
            page = enter(browser, server, tree)
            visit(page, tree)
            firsts.append(float(page.evaluate("() => window.__bench.first")))
            wholes.append(float(page.evaluate("() => window.__bench.whole")))
            if opening == OPENINGS - 1:
                page.wait_for_timeout(1000)
                held = memory(page)
                moved = move(page)
                messages = appended(page, server, tree)
            page.context.close()
        finally:
            server.stop()
    return Measured(
        tree.nodes,
        statistics.median(firsts),
        statistics.median(wholes),
        moved,
        held / tree.nodes,
        statistics.median(messages or [0.0]),
        max(messages or [0.0]),
    )


def model_benches() -> dict[str, float]:
    """Medians of the page's own model code, in milliseconds, by the name of the bench."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "benches.json"
        command = ["npx", "vitest", "bench", "--run", f"--outputJson={told}"]
        subprocess.run(command, cwd=FRONTEND, check=True, stdout=subprocess.DEVNULL)
        files: list[dict[str, Any]] = json.loads(told.read_text())["files"]
    return {
        bench["name"]: bench["median"]
        for each in files
        for group in each["groups"]
        for bench in group["benchmarks"]
    }


def quantile(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Measures, prints the tables and the line."""
    folder = kept_folder()
    folder.mkdir(parents=True, exist_ok=True)
    console = Console()
    trees = trees_in(folder)
    with sync_playwright() as playwright, contextlib.closing(launch(playwright)) as browser:
        found = {size: measure(browser, folder, tree, size) for size, tree in trees.items()}
        zooms = zooming.measured(browser)
    least, middle, most = (found[size] for size in SIZES)
    benches = model_benches()

    table = Table(title=f"Canvas: opened {OPENINGS} times, {os.cpu_count()} cores")
    table.add_column("measure")
    for size in SIZES:
        table.add_column(f"{size:,}", justify="right")
    table.add_column("aim", justify="right")
    for label, aim, read in (
        ("first picture (ms)", "≤ 500 at 100,000, 1500 at 1,000,000", lambda one: one.first),
        ("whole tree there (ms)", "", lambda one: one.whole),
        ("between frames, median (ms)", "≤ 17", lambda one: one.moved.interval),
        ("between frames, p95 (ms)", "≤ 34", lambda one: one.moved.interval_95),
        ("script a frame, median (ms)", "≤ 10", lambda one: one.moved.script),
        ("script a frame, p95 (ms)", "", lambda one: one.moved.script_95),
        (f"event of {GROWN} states, median (ms)", "≤ 8", lambda one: one.append),
        (f"event of {GROWN} states, most (ms)", "", lambda one: one.append_most),
        ("page memory a node (B)", "≤ 120 at 1,000,000", lambda one: one.bytes_a_node),
    ):
        table.add_row(label, *(f"{read(found[size]):.1f}" for size in SIZES), aim)
    console.print(table)
    for each in zooms:
        console.print(
            f"  after a zoom: first column {each.first_column:.0f} ms (aim 200), "
            f"all lines × 12 steps {each.worlds:.0f} ms (aim 2,000)"
        )
    for name, median in benches.items():
        console.print(f"  {name}: {median:.3f} ms")
    console.print(
        f"RESULT canvas open_100k_ms={middle.first:.0f} open_1m_ms={most.first:.0f} "
        f"whole_1m_ms={most.whole:.0f} frame_ms={most.moved.interval:.1f} "
        f"frame_p95_ms={most.moved.interval_95:.1f} script_ms={most.moved.script:.2f} "
        f"script_ratio={most.moved.script / max(least.moved.script, 0.01):.2f} "
        f"append_ms={most.append:.2f} bytes_a_node={most.bytes_a_node:.0f} {zooming.line(zooms)}",
        soft_wrap=True,
        highlight=False,
    )


if __name__ == "__main__":
    main()
