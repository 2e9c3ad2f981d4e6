"""Golden vectors for the walks that the page and the server must take alike.

`python -m tests.contract.make_golden` writes golden/walk.json and golden/branches.json;
test_golden.py and test_branching.py keep them true.
"""

import base64
import json
import math
from pathlib import Path
from typing import Any

from semioscope.core.conditioning import Conditioning
from semioscope.core.random import mix, uniform
from semioscope.core.sampling import (
    IDENTITY,
    Bias,
    Frequency,
    NoRepeat,
    Presence,
    Procedure,
    Repetition,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from semioscope.core.strategies import Reweigh, Worlds
from semioscope.core.strategies.placed import places_of
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId
from semioscope.core.walk import Line, advance, locate, starts
from tests.contract.branching import BRANCHES, branching
from tests.unit.core_math.toys import Garden, ToyRule, toy

GOLDEN = Path(__file__).parent / "golden" / "walk.json"

ABOUT = [
    "mix: [h, fmix32(h)]. uniform: [seed, trajectory, depth, value].",
    "advance: one line after another [F, q, fresh, u, left], from u = start, left = 52.",
    "trees: `frame` is a whole tree frame, base64. Each walk has `lines` lines at "
    "u = lo + (hi - lo) * (i + offset) / lines in the interval of `anchor`, under the tree's own "
    "procedure or the rule (fingerprint 'rule'), fresh = uniform(seed, i, step). keys and nodes "
    "are those after the anchor, node -1 a candidate that is no node; a line ends after `steps` "
    "steps, at a terminal state, on a candidate, or where the tree does not know what follows. "
    "conditioned: given that nothing that is cut happens. places: where each line begins instead, "
    "fresh = uniform(seed, line, depth of the state - origin).",
    "q is exp(beta * log_p - log_z) in rank order; where weight_own_* has a ranking of the state, "
    "exp(log_q) in its order, and beyond it of weight_tail_log_q (beta is 1 and log_z 0 there). It "
    "is ROUNDED TO FLOAT32 (Math.fround), F is the running float64 sum of those: exponentials "
    "differ in their last bit between libraries, and a line magnifies that until it would take "
    "another path. With it every number here is exact "
    "(`left` to 1e-9: log2).",
]

Json = dict[str, Any]


def uniforms() -> list[list[float]]:
    words = [0, 1, 2, 39, 1000003, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]
    return [
        [seed, trajectory, depth, uniform(seed, trajectory, depth)]
        for seed in words
        for trajectory in (0, 7, 0xFFFFFFFF)
        for depth in (0, 5, 301)
    ]


def advances() -> list[Json]:
    """Lines through made-up next states, the kind that use their bits up slowly and fast."""
    chains = []
    for name, widths in {
        "fair": [0.5],
        "thirds": [0.25, 0.625, 0.125],
        "certain": [1.0, 0.5],
        "rare": [2.0**-20, 0.75],
        "very rare": [2.0**-60, 0.5],
    }.items():
        line = Line(uniform(11, len(name), 0))
        chain: Json = {"name": name, "start": line.u, "steps": []}
        for step in range(120):
            width = widths[step % len(widths)]
            before = math.floor(line.u / width) * width if width < 1 else 0.0
            before = min(before, 1.0 - width)
            fresh = uniform(11, len(name), step)
            line = advance(line, before, width, fresh)
            chain["steps"].append([before, width, fresh, line.u, line.left])
        chains.append(chain)
    return chains


def walk(tree: Tree, wanted: Json) -> list[Json]:
    """The lines of one walk, from what the tree stores."""
    offset, seed = wanted["offset"], wanted["seed"]
    given = Conditioning(tree, wanted["fingerprint"]) if wanted["conditioned"] else None
    walked = []
    even = enumerate(starts(wanted["lines"], wanted["lo"], wanted["hi"], offset))
    anchor, origin = NodeId(wanted["anchor"]), tree.depth(wanted["anchor"])
    lines = [(anchor, start, index) for index, start in even]
    if wanted["places"] is not None:
        origin = wanted["origin"]
        lines = [
            (NodeId(place["node"]), Line(place["u"], place["left"]), place["line"])
            for place in wanted["places"]
        ]
    for first, start, index in lines:
        line, node = start, first
        keys: list[int] = []
        nodes: list[int] = []
        while len(keys) < wanted["steps"] and not tree.is_terminal(node):
            located = locate(tree, node, line.u, wanted["fingerprint"], given)
            if located is None:
                break
            fresh = uniform(seed, index, tree.depth(node) - origin)
            line = advance(line, located.before, located.width, fresh)
            keys.append(located.key)
            nodes.append(-1 if located.child is None else located.child)
            if located.child is None:
                break
            node = located.child
        walked.append({"keys": keys, "nodes": nodes, "u": line.u, "left": line.left})
    return walked


def tree_entry(name: str, garden: Garden, walks: list[Json]) -> Json:
    tree = garden.tree
    rule = garden.rule.description
    return {
        "name": name,
        "rule": rule.to_json(),
        "prompt": list(tree.state_of(0)),
        "max_length": tree.max_length,
        "procedure": tree.procedure.to_wire(),
        "fingerprint": tree.fingerprint,
        "beta": tree.procedure.inverse_temperature,
        "frame": base64.b64encode(tree.to_frame()).decode(),
        "walks": [wanted | {"walked": walk(tree, wanted)} for wanted in walks],
    }


def _walk(
    fingerprint: str,
    lines: int,
    steps: int,
    offset: float = 0.5,
    seed: int = 0,
    lo: float = 0.0,
    hi: float = 1.0,
    anchor: int = 0,
    conditioned: bool = False,
    places: list[Json] | None = None,
    origin: int = 0,
) -> Json:
    return {
        "fingerprint": fingerprint,
        "anchor": anchor,
        "lines": lines,
        "steps": steps,
        "offset": offset,
        "seed": seed,
        "lo": lo,
        "hi": hi,
        "conditioned": conditioned,
        "places": places,
        "origin": origin,
    }


def _placed(fingerprint: str, anchor: int, home: int, origin: int) -> Json:
    """Lines as a camera between two states has them: some begin in one that is further down, some
    have used bits up already, and they are counted from where that camera came from."""
    places = [
        {"node": anchor, "u": uniform(3, at, 0), "left": 52 - 3 * at, "line": 0xFFFFFFFF - at}
        for at in range(4)
    ]
    places += [
        {"node": home, "u": (at + 0.25) / 4, "left": 52, "line": 0x9E000000 + at} for at in range(4)
    ]
    return _walk(fingerprint, 8, 9, anchor=anchor, seed=3, places=places, origin=origin)


def _grow(garden: Garden, wanted: Json) -> None:
    procedure = IDENTITY if wanted["fingerprint"] == "rule" else garden.tree.procedure
    plan = Worlds(
        wanted["lines"],
        wanted["steps"],
        wanted["lo"],
        wanted["hi"],
        wanted["offset"],
        wanted["seed"],
        wanted["conditioned"],
        places_of(wanted["places"]),
        wanted["origin"],
    )
    garden.grow(plan, procedure, anchor=wanted["anchor"], budget=10**6)


def wide() -> Json:
    """An alphabet of 100, of which 64 are stored: lines in the tail, cuts, ends."""
    procedure = Procedure((Temperature(0.9), TopK(80), TopP(0.98)))
    garden = Garden(toy(4, 100, tuple(range(5, 100, 12)), spread=9.0), 12, (1, 2), procedure)
    own = procedure.fingerprint
    drawn = uniform(5, 0xFFFFFFFF, 0)
    grown = [
        _walk(own, 12, 5),
        _walk("rule", 12, 5),
        _walk(own, 6, 12, drawn, 5),
        _walk("rule", 6, 10, drawn, 5, 0.25, 0.375),
    ]
    for wanted in grown:
        _grow(garden, wanted)
    inner = garden.tree.children(0)[0]
    grown.append(_walk(own, 5, 4, 0.5, 0, 0.5, 1.0, inner))
    _grow(garden, grown[-1])
    # Counted from a state above the anchor, or from one below where some of the lines begin.
    for wanted in (_placed(own, inner, inner, 0), _placed(own, 0, inner, 2)):
        _grow(garden, wanted)
        grown.append(wanted)
    return tree_entry("wide", garden, [*grown, _walk(own, 9, 6), _walk("rule", 40, 3)])


def deep() -> Json:
    """A biased coin, 200 flips deep: far more bits than a double holds."""
    procedure = Procedure((Temperature(0.7),))
    garden = Garden(ToyRule(lambda state: [2, 1 + state[-1]], 2), 400, (0,), procedure)
    grown = [
        _walk(procedure.fingerprint, 2, 200),
        _walk("rule", 2, 200, uniform(3, 0xFFFFFFFF, 0), 3),
    ]
    for wanted in grown:
        _grow(garden, wanted)
    return tree_entry("deep", garden, grown)


def reordered() -> Json:
    """Rankings of the procedure's own, some of it past the 64 that are stored, some of it past
    those of the rule, none of it in the rule's order."""
    steps = (
        Repetition(1.3),
        Presence(0.4),
        Frequency(0.3),
        Bias(((3, 2.5), (61, 4.0))),
        NoRepeat(2),
        Temperature(0.9),
        Typical(0.985),
    )
    procedure = Procedure(steps)
    garden = Garden(toy(6, 100, tuple(range(5, 100, 12)), spread=4.0), 12, (1, 2), procedure)
    own = procedure.fingerprint
    drawn = uniform(8, 0xFFFFFFFF, 0)
    grown = [
        _walk(own, 12, 5),
        _walk("rule", 9, 4),
        _walk(own, 6, 8, drawn, 8, 0.75, 0.875),
    ]
    for wanted in grown:
        _grow(garden, wanted)
    garden.grow(Reweigh(), procedure)  # what grew under the rule
    return tree_entry("reordered", garden, [*grown, _walk(own, 40, 5), _walk("rule", 20, 3)])


def pruned(name: str, procedure: Procedure) -> Json:
    """Cuts at several depths, one of them among what is not stored, and what is left of it all."""
    garden = Garden(toy(4, 100, tuple(range(5, 100, 12)), spread=7.0), 12, (1, 2), procedure)
    own = procedure.fingerprint
    _grow(garden, _walk(own, 60, 5))
    garden.grow(Reweigh(), procedure)
    tree = garden.tree
    first, *_, last = sorted(tree.children(0), key=lambda child: tree.log_prob(child))
    deep = max(
        (node for node in range(tree.size) if tree.depth(node) == 3 and tree.is_expanded(node)),
        key=tree.cum_log_prob,
    )
    wide = max(tree.children(last), key=tree.log_prob)
    for node in {first, deep, wide}:
        garden.happen("prune", {"node": node}, {})
    drawn = uniform(9, 0xFFFFFFFF, 0)
    grown = [
        _walk(own, 14, 6, conditioned=True),
        _walk("rule", 9, 4, conditioned=True),
        _walk(own, 8, 5, drawn, 9, 0.8, 0.95, conditioned=True),
        _walk(own, 8, 5, anchor=last, conditioned=True),
    ]
    for wanted in grown:
        _grow(garden, wanted)
    garden.grow(Reweigh(), procedure)
    return tree_entry(name, garden, [*grown, _walk(own, 50, 4, conditioned=True), _walk(own, 9, 4)])


def golden() -> Json:
    words = (0, 1, 2, 0x9E3779B9, 0xFFFFFFFF)
    return {
        "about": ABOUT,
        "mix": [[word, mix(word)] for word in words],
        "uniform": uniforms(),
        "advance": advances(),
        "trees": [
            wide(),
            deep(),
            reordered(),
            pruned("pruned", Procedure((Temperature(0.9), TopK(80)))),
            pruned("pruned and reordered", Procedure((Repetition(1.3), Typical(0.985)))),
        ],
    }


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden(), indent=1) + "\n")
    BRANCHES.write_text(json.dumps(branching(), indent=1) + "\n")
