"""From Enter to the worlds: what a person waits for, on the default model, in a real Chromium.

`python -m tests.bench.spine` prints a table and, last, one RESULT line. Each run grows a prompt
of 21 tokens that the server has not seen, in a window whose canvas holds 38 lines; the worlds
are 38 lines × 12 tokens.
"""

import os
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from tests.bench.page_weight import first_scripts_kilobytes
from tests.e2e.browser import launch
from tests.server import Server

TOKENS = 21
WARM_UP = "Before anything is measured, the model, the page and the fonts are used once."
PROMPTS = (
    "The old lighthouse keeper climbed the stairs every evening at dusk, and tonight he noticed"
    " that the lamp had gone",
    "My grandmother kept a locked drawer in her kitchen, and on the day she died we finally"
    " found the key",
    "Scientists announced yesterday that the signal from the distant star repeats every eleven"
    " minutes, and nobody can explain why it",
    "Dear diary, this morning the cat began to speak in perfect French and asked me whether I"
    " had ever seen",
    "Once the last train had left the station, the two strangers looked at each other and then"
    " one of them",
    "In this lecture we will show that every finite group of prime order is cyclic, and then we"
    " will use",
    "Captain, the ship's computer refuses to open the doors and says that it has been waiting"
    " for us to",
)


@dataclass(frozen=True)
class Run:
    """Times from Enter, both in milliseconds."""

    first_column: float
    worlds: float


def grow(page: Page, url: str, prompt: str, tokens: int | None = TOKENS) -> Run:
    """Grows one prompt on a fresh first screen, and reads the page's own marks."""
    page.goto(url)
    page.get_by_test_id("rule-picker").get_by_text("SmolLM2").wait_for()
    page.get_by_test_id("prompt").fill(prompt)
    page.keyboard.press("Enter")
    page.wait_for_function(
        "() => performance.getEntriesByName('semioscope:worlds-12').length > 0",
        timeout=60_000,
        polling=100,  # as rarely as will do: the page must not work for the measurement
    )
    entered, first, complete = (
        page.evaluate("name => performance.getEntriesByName(name).at(-1).startTime", name)
        for name in ("semioscope:enter", "semioscope:first-column", "semioscope:worlds-12")
    )
    if tokens is not None:
        counted = page.get_by_test_id("prompt-tokens").inner_text()
        assert counted == f"{tokens} tokens", f"{prompt!r} has {counted}"
    return Run(first - entered, complete - entered)


def measure(browser: Browser, url: str) -> list[Run]:
    """One run for each prompt, after one that is not counted."""
    context = browser.new_context(viewport={"width": 1440, "height": 910})
    page = context.new_page()
    grow(page, url, WARM_UP, tokens=None)
    runs = [grow(page, url, prompt) for prompt in PROMPTS]
    context.close()
    return runs


def main() -> None:
    """Measures, prints the table and the line."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        server.start()
        server.stop()
        start_s = server.start()
        try:
            browser = launch(playwright)
            runs = measure(browser, server.url)
            browser.close()
        finally:
            server.stop()

    first_column_ms = statistics.median(run.first_column for run in runs)
    worlds_s = statistics.median(run.worlds for run in runs) / 1000
    js_kb = first_scripts_kilobytes()

    table = Table(title=f"Spine: {TOKENS}-token prompts, {len(runs)} runs, {os.cpu_count()} cores")
    for heading in ("measure", "median", "least", "most", "aim"):
        table.add_column(heading, justify="left" if heading == "measure" else "right")
    firsts = [run.first_column for run in runs]
    worlds = [run.worlds / 1000 for run in runs]
    table.add_row("second start, model ready (s)", f"{start_s:.2f}", "", "", "< 6")
    table.add_row(
        "Enter to first column (ms)",
        f"{first_column_ms:.0f}",
        f"{min(firsts):.0f}",
        f"{max(firsts):.0f}",
        "≤ 200",
    )
    table.add_row(
        "Enter to 38 lines × 12 tokens (s)",
        f"{worlds_s:.2f}",
        f"{min(worlds):.2f}",
        f"{max(worlds):.2f}",
        "≤ 2",
    )
    table.add_row("JavaScript before first interaction (kB, gzip)", f"{js_kb:.1f}", "", "", "≤ 100")
    console = Console()
    console.print(table)
    console.print(
        f"RESULT spine start_s={start_s:.2f} first_column_ms={first_column_ms:.0f} "
        f"worlds_s={worlds_s:.2f} js_kb={js_kb:.1f}",
        soft_wrap=True,
        highlight=False,
    )


if __name__ == "__main__":
    main()
