"""Searching a stored tree of 1,000,000 nodes in a real Chromium.

`python -m tests.bench.finding` opens the largest tree of `tests.bench.canvas`, searches it by a
text and by an expression, and prints, last, one RESULT line: milliseconds from the last letter to
the first matches and to all of them, and the longest stretch that the page's main thread was held
up meanwhile (0: no task over 50 ms). The first search waits for the copy of the tree, too.
"""

import contextlib
from dataclasses import dataclass

from playwright.sync_api import Page, sync_playwright

from tests.bench.canvas import SIZES, enter, kept_folder, trees_in, visit
from tests.e2e.browser import launch
from tests.server import Server

WATCH = """() => {
  const bar = document.querySelector('[data-testid=find]');
  const seen = (window.__find = { first: null, all: null, busy: 0 });
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) seen.busy = Math.max(seen.busy, duration);
  }).observe({ type: 'longtask' });
  const look = () => {
    if (seen.began === undefined) return;
    if (Number(bar.dataset.count) > 0) seen.first ??= performance.now() - seen.began;
    if (bar.dataset.searching === 'false') seen.all ??= performance.now() - seen.began;
  };
  new MutationObserver(look).observe(bar, { attributes: true });
}"""
ASK = """(query) => {
  const field = document.querySelector('[data-testid=find-text]');
  field.value = query;
  Object.assign(window.__find, { first: null, all: null, busy: 0, began: performance.now() });
  field.dispatchEvent(new InputEvent('input', { bubbles: true }));
}"""


@dataclass(frozen=True)
class Found:
    """Milliseconds."""

    count: int
    first: float
    all: float
    busy: float


def find(page: Page, query: str) -> Found:
    """One search, of an open bar that `WATCH` watches."""
    page.evaluate(ASK, query)
    page.wait_for_function("() => window.__find.all !== null", timeout=120_000, polling=50)
    page.wait_for_timeout(500)
    seen = page.evaluate("() => window.__find")
    count = int(page.get_by_test_id("find").get_attribute("data-count") or 0)
    return Found(count, seen["first"] or seen["all"], seen["all"], seen["busy"])


def main() -> None:
    """Measures, and prints the line."""
    folder = kept_folder()
    folder.mkdir(parents=True, exist_ok=True)
    tree = trees_in(folder)[SIZES[-1]]
    server = Server(folder, rule="coin", load_at_start="none", max_nodes="4000000")
    server.start()
    try:
        with sync_playwright() as playwright, contextlib.closing(launch(playwright)) as browser:
            page = enter(browser, server, tree)
            visit(page, tree)
            page.get_by_test_id("find-open").click()
            page.get_by_test_id("find-text").wait_for()
            page.evaluate(WATCH)
            cold = find(page, "the tree")
            text = find(page, "the rule")
            many = find(page, "e")
            page.get_by_test_id("find-expression").click()
            page.wait_for_timeout(15_000)
            expression = find(page, r"\bt\w+ rule")
            every = find(page, r"\w")
            words = find(page, r"\w+")
    finally:
        server.stop()
    names = ("cold", "text", "many", "regex", "everywhere", "words")
    searches = dict(zip(names, (cold, text, many, expression, every, words), strict=True))
    for name, found in searches.items():
        print(
            f"{name}: {found.count:,} found, first {found.first:.0f} ms, all {found.all:.0f} ms, "
            f"page held up {found.busy:.0f} ms"
        )
    print(
        f"RESULT finding first_ms={text.first:.0f} all_ms={text.all:.0f} "
        f"many_ms={many.all:.0f} regex_ms={expression.all:.0f} "
        f"everywhere_first_ms={every.first:.0f} everywhere_ms={every.all:.0f} "
        f"words_first_ms={words.first:.0f} words_ms={words.all:.0f} "
        f"busy_ms={max(one.busy for one in searches.values()):.0f}"
    )


if __name__ == "__main__":
    main()
