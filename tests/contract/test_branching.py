"""The golden events of working with branches do here what the page's tests expect of them."""

import base64
import json
from typing import Any

from semioscope.core.events import decode_event
from semioscope.core.tree import Tree
from tests.contract.branching import BRANCHES, branching, standing_of
from tests.unit.core_tree.toys import APPENDING


def test_the_golden_events_lead_where_the_file_says() -> None:
    written: dict[str, Any] = json.loads(BRANCHES.read_text())
    prompt, length = tuple(written["prompt"]), written["max_length"]

    def opened(name: str) -> Tree:
        return Tree.from_frame(base64.b64decode(written[name]), APPENDING, prompt, length)

    tree = opened("tree")
    for raw, after in zip(written["events"], written["after"], strict=True):
        tree.apply(decode_event(base64.b64decode(raw))[0])
        assert standing_of(tree) == after
    assert standing_of(opened("end")) == written["after"][-1]


def test_the_written_file_is_what_the_code_makes() -> None:
    written: dict[str, Any] = json.loads(BRANCHES.read_text())
    made = branching()
    assert made["after"] == written["after"]
    for was, now in zip(written["events"], made["events"], strict=True):
        old, _ = decode_event(base64.b64decode(was))
        new, _ = decode_event(base64.b64decode(now))
        assert (old.kind, old.payload, old.change) == (new.kind, new.payload, new.change)
        assert {name: each.tolist() for name, each in old.columns.items()} == {
            name: each.tolist() for name, each in new.columns.items()
        }
