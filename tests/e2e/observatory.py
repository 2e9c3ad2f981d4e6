"""The page as its visitors know it: what they see and do, by the names the page gives."""

import math
import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, expect

NIGHT_CALL = (
    "be me\nattorney at law\nget a call in the middle of the night from a Google employee\n"
    "he's frantic and says that their chatbot has become"
)
LEDGER = ("terminal", "frontier", "residual", "pruned")


class Observatory:
    """One visitor's page. Methods either do what a person does, or read what stands there."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self._made: str | None = None
        self._fingers: CDPSession | None = None
        self.worlds = page.get_by_test_id("worlds")
        self.notices = page.get_by_test_id("notices")
        self.candidates = page.get_by_test_id("candidate")
        self.step = page.get_by_test_id("state-step")
        self.status = page.get_by_test_id("state-status")
        self.steps = page.get_by_test_id("step")
        self.outline = page.get_by_role("list", name="Worlds in view")

    # Going somewhere

    def visit(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def choose_rule(self, name: str) -> None:
        """On the first screen: takes another transition rule."""
        self.page.get_by_test_id("rule-picker").click()
        self.page.get_by_role("group", name="Transition rule").get_by_text(name, exact=True).click()

    def type_prompt(self, prompt: str) -> None:
        """On the first screen: a prompt, then Enter."""
        box = self.page.get_by_test_id("prompt")
        box.fill(prompt)
        box.press("Enter")

    def grow(self, prompt: str = NIGHT_CALL, rule: str | None = None) -> str:
        """From the first screen to a tree whose worlds in view are complete; gives its ref."""
        self.visit()
        if rule is not None:
            self.choose_rule(rule)
        self.type_prompt(prompt)
        self.page.wait_for_url(re.compile("/t/t"))
        self.wait_until_filled()
        return self.ref

    def make(self, **tree: Any) -> str:
        """Makes a tree through the API, as a script would, without opening it; gives its ref."""
        made = self.page.request.post(f"{self.url}/api/trees", data=tree).json()
        self._made = str(made["ref"])
        return self._made

    def settle(self, still_s: float = 0.4) -> None:
        """Waits until no growth runs and the picture has not changed for a while from now on."""
        self.page.evaluate("() => { window.__seen = null; }")
        self.page.wait_for_function(
            """([still]) => {
              const worlds = document.querySelector('[data-testid=worlds]');
              const running = document.querySelector('[data-testid=job][data-state=running]');
              const now = JSON.stringify([{ ...worlds?.dataset }, running !== null]);
              if (now !== window.__seen || running) {
                window.__seen = now;
                window.__since = performance.now();
              }
              return performance.now() - window.__since > still * 1000;
            }""",
            arg=[still_s],
            timeout=120_000,
        )

    def wait_until_filled(self) -> None:
        """Waits until no line in view waits for growth."""
        expect(self.worlds).to_have_attribute("data-open", "0", timeout=120_000)

    def selected(self) -> int:
        """The selected node, once the address keeps it: a moment after the choice."""
        self.page.wait_for_url(re.compile(r"[?&]s=[1-9]"))
        found = re.search(r"[?&]s=(\d+)", self.page.url)
        assert found is not None, self.page.url
        return int(found[1])

    # Reading

    @property
    def ref(self) -> str:
        """Of the open tree, or else of the one that was made last."""
        found = re.search(r"/[tf]/([tf][\w-]{22})", self.page.url)
        ref = found[1] if found else self._made
        assert ref is not None, self.page.url
        return ref

    def shown(self, name: str) -> int:
        """A number that the Worlds canvas states about its picture: lines, steps, anchor …"""
        value = self.worlds.get_attribute(f"data-{name}")
        assert value is not None
        return int(value)

    def ledger(self) -> dict[str, float]:
        """The four shares, as exactly as the page knows them."""
        values = {}
        for part in LEDGER:
            value = self.page.get_by_test_id(f"ledger-{part}").get_attribute("data-value")
            assert value is not None
            values[part] = float(value)
        return values

    def next_states(self) -> list[tuple[int, float, float | None]]:
        """(key, p under the rule, q under the procedure) of the inspector's rows."""
        rows = self.candidates.evaluate_all("rows => rows.map(row => ({ ...row.dataset }))")
        return [
            (int(row["key"]), float(row["p"]), float(row["q"]) if "q" in row else None)
            for row in rows
        ]

    def rest_under_procedure(self) -> float:
        """What the inspector's rows leave of one, under the procedure."""
        rest = self.page.get_by_test_id("rest")
        return float(rest.get_attribute("data-q") or 0) if rest.count() else 0.0

    def probability(self) -> float:
        """Of the selected state, under the rule."""
        log_prob = self.page.get_by_test_id("state-probability").get_attribute("data-log-prob")
        assert log_prob is not None
        return math.exp(float(log_prob))

    def tree(self) -> dict[str, Any]:
        """What the API says of this tree to this visitor."""
        return self.ask("GET", "")

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """A request about this tree with this visitor's cookie."""
        answer = self.page.request.fetch(
            f"{self.url}/api/trees/{self.ref}{path}", method=method, data=body
        )
        told: dict[str, Any] = answer.json()
        return told

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """Fingers at these CSS pixels of the window: touchStart, touchMove or touchEnd."""
        if self._fingers is None:
            self._fingers = self.page.context.new_cdp_session(self.page)
        listed = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(points)]
        self._fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": listed})

    def spread(self, x: float, y: float, apart: float) -> None:
        """Two fingers about a point, 80 px apart, that go `apart` px further from each other."""
        self.touch("touchStart", (x, y - 40), (x, y + 40))
        for step in range(1, 9):
            by = 40 + apart * step / 16
            self.touch("touchMove", (x, y - by), (x, y + by))
            self.page.wait_for_timeout(20)
        self.touch("touchEnd")

    def wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
        """Polls something that only Python can see."""
        for _ in range(int(timeout_s / 0.05)):
            if condition():
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"not within {timeout_s} s: {what}")

    # Doing

    def select_prompt(self) -> None:
        self.page.get_by_test_id("initial-state").click()

    def select_leading(self, rank: int = 0) -> None:
        """From the prompt: clicks a candidate in the inspector, so that it is a state."""
        self.select_prompt()
        expect(self.candidates.first).to_be_visible()
        self.candidates.nth(rank).click()
        expect(self.step).to_have_text("step 1")

    def click_worlds(self, x: float, y: float) -> None:
        """Clicks the canvas at these shares of its width and height."""
        box = self.worlds.bounding_box()
        assert box is not None
        self.page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])

    def strategy(self, kind: str, **parameters: float) -> None:
        """Chooses a strategy and sets its parameters, without starting it."""
        self.page.get_by_test_id(f"strategy-{kind}").click()
        for name, value in parameters.items():
            self.page.get_by_test_id(f"parameter-{name}").fill(str(value))

    def start_growth(self) -> Locator:
        """Presses Grow; gives the newest job's line."""
        self.page.get_by_test_id("grow-state").click()
        return self.page.get_by_test_id("job").last

    def add_step(self, kind: str) -> Locator:
        """Adds a step from the menu, at the end of the procedure; gives its row."""
        self.page.get_by_test_id("add-step").click()
        self.page.get_by_test_id(f"add-{kind}").click()
        return self.steps.last

    def set_step(self, kind: str, value: float) -> None:
        """A step's number, added if there is no such step."""
        if self.steps.and_(self.page.locator(f"[data-kind={kind}]")).count() == 0:
            self.add_step(kind)
        self.page.get_by_test_id(f"{kind}-number").fill(str(value))

    def set_temperature(self, value: float) -> None:
        self.set_step("temperature", value)

    def shown_steps(self) -> list[str]:
        """The kinds of the editor's steps, in their order."""
        kinds = [row.get_attribute("data-kind") for row in self.steps.all()]
        return [kind for kind in kinds if kind is not None]

    def wait_for_procedure(self, *kinds: str) -> list[dict[str, Any]]:
        """Waits until the tree's procedure has these steps; gives them."""
        self.wait_for(
            lambda: [step["kind"] for step in self.tree()["procedure"]] == list(kinds),
            f"the procedure is {kinds}",
        )
        procedure: list[dict[str, Any]] = self.tree()["procedure"]
        return procedure
