"""Worlds, over many seeded draws: unbiased, ordered, and never out of bits."""

import math

import numpy as np
import pytest

from semioscope.core.random import uniform
from semioscope.core.sampling import (
    IDENTITY,
    Bias,
    Forbid,
    Frequency,
    MinP,
    NoRepeat,
    Past,
    Presence,
    Procedure,
    Repetition,
    Temperature,
    TopK,
    TopP,
    Typical,
    widths,
)
from semioscope.core.strategies import Worlds
from semioscope.core.types import NodeId
from semioscope.core.walk import Line, advance, locate, starts
from tests.unit.core_math.procedures import dense
from tests.unit.core_math.toys import Garden, ToyRule, coin, toy

PROCEDURES = [
    IDENTITY,
    Procedure((Temperature(0.7), TopK(5))),
    Procedure((Temperature(1.5), TopP(0.9), MinP(0.03))),
    Procedure((Repetition(1.4), Presence(0.5), Bias(((3, 1.5),)), Typical(0.9))),
    Procedure((NoRepeat(2), Frequency(-0.4), Forbid((1,)), Temperature(0.8))),
]


def walked(garden: Garden, worlds: Worlds, procedure: Procedure) -> list[tuple[int, ...]]:
    """The keys of every line of a plan, from what the tree stores after it was carried out."""
    garden.grow(worlds, procedure)
    tree = garden.tree
    offset = uniform(worlds.seed, 0xFFFFFFFF, 0) if worlds.seed else 0.5
    paths = []
    for index, line in enumerate(starts(worlds.lines, worlds.lo, worlds.hi, offset)):
        node, keys = NodeId(0), list[int]()
        while len(keys) < worlds.steps and not tree.is_terminal(node):
            located = locate(tree, node, line.u, procedure.fingerprint)
            assert located is not None
            assert located.child is not None
            fresh = uniform(worlds.seed, index, len(keys))
            line = advance(line, located.before, located.width, fresh)
            keys.append(located.key)
            node = located.child
        paths.append(tuple(keys))
    return paths


def procedure_probability(garden: Garden, procedure: Procedure, path: tuple[int, ...]) -> float:
    """Under the procedure, straight from the rule's rows."""
    prompt = tuple(garden.tree.state_of(0))
    product = 1.0
    for length, key in enumerate(path):
        state = prompt + path[:length]
        q = dense(procedure, garden.rule.row(state), Past(state, len(prompt)))
        product *= float(q[key])
    return product


@pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda procedure: procedure.fingerprint)
def test_the_share_of_lines_through_a_branch_is_its_probability(procedure: Procedure) -> None:
    garden = Garden(toy(21, 12, (4,)), procedure=procedure)
    lines, seeds = 10, 250
    shares: dict[tuple[int, ...], list[float]] = {}
    for seed in range(1, seeds + 1):
        for path in walked(garden, Worlds(lines, 3, seed=seed), procedure):
            for length in range(1, len(path) + 1):
                of_seed = shares.setdefault(path[:length], [0.0] * seeds)
                of_seed[seed - 1] += 1 / lines
    checked = 0
    for path, of_seed in shares.items():
        probability = procedure_probability(garden, procedure, path)
        if probability * lines * seeds < 15:
            continue
        # Of one seed's lines, ⌊np⌋ or one more pass through an interval of length p, the latter
        # with probability np − ⌊np⌋; draws of different seeds are independent.
        odds = (lines * probability) % 1
        error = math.sqrt(odds * (1 - odds) / seeds) / lines
        assert abs(np.mean(of_seed) - probability) <= 4 * error + 1e-6, path
        checked += 1
    assert checked > 20


@pytest.mark.parametrize("procedure", PROCEDURES, ids=lambda procedure: procedure.fingerprint)
@pytest.mark.parametrize("view", [(0.0, 1.0), (0.31, 0.3100001), (0.5, 0.5 + 2**-37)])
def test_lines_never_cross(procedure: Procedure, view: tuple[float, float]) -> None:
    """From the top to the bottom, the ranks along the paths never go back."""
    garden = Garden(toy(5, 9, (2,)), procedure=procedure)
    for seed in range(3):
        worlds = Worlds(40, 30, *view, seed=seed)
        garden.grow(worlds, procedure, budget=10**6)
        paths = walked(garden, worlds, procedure)
        ranks = []
        for path in paths:
            node, of_path = 0, []
            for key in path:
                child = garden.tree.find_child(node, key)
                fan = garden.tree.fan(node, procedure.fingerprint)
                assert child is not None
                assert fan is not None
                of_path.append(fan.keys.tolist().index(key))
                node = child
            ranks.append(of_path)
        assert ranks == sorted(ranks)


def test_lines_split_a_block_as_their_positions_do() -> None:
    """Evenly spaced lines: each state holds its probability's worth of them, to within one."""
    garden = Garden(toy(8, 6))
    paths = walked(garden, Worlds(200, 4), IDENTITY)
    for path in {path[:length] for path in paths for length in range(1, 5)}:
        count = sum(other[: len(path)] == path for other in paths)
        assert abs(count - 200 * garden.probability(path)) < 1


def flips(rule: ToyRule, lines: int, depth: int, seed: int) -> list[tuple[int, ...]]:
    """Lines on a coin, straight from the rule: what a tree that deep would show."""
    lengths = widths(1.0, 0.0, rule.row((0,)))
    found = []
    for index, line in enumerate(starts(lines, offset=uniform(seed, 0xFFFFFFFF, 0))):
        faces = []
        for step in range(depth):
            face = int(line.u >= lengths[0])
            line = advance(line, face * lengths[0], lengths[face], uniform(seed, index, step))
            faces.append(face)
        found.append(tuple(faces))
    return found


@pytest.mark.parametrize("rule", [coin(), coin(3, 1)], ids=["fair", "biased"])
def test_300_bits_deep_a_coin_still_shows_both_faces(rule: ToyRule) -> None:
    heads = rule.probability((0,), 0)
    shown = np.array([each for seed in range(1, 13) for each in flips(rule, 8, 400, seed)])
    for start in range(0, 400, 50):
        some = shown[:, start : start + 50]
        share = float((some == 0).mean())
        assert abs(share - heads) <= 4 * math.sqrt(heads * (1 - heads) / some.size)
    # No memory: after heads as after tails (Pearson's chi-square of the 2 × 2 table, 1 d.o.f.).
    table = np.zeros((2, 2))
    np.add.at(table, (shown[:, 60:-1].ravel(), shown[:, 61:].ravel()), 1)
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    assert float(((table - expected) ** 2 / expected).sum()) < 16


def test_a_tree_320_flips_deep_shows_the_same_lines() -> None:
    garden = Garden(coin(), max_length=1024)
    paths = walked(garden, Worlds(2, 320, seed=4), IDENTITY)
    assert paths == flips(garden.rule, 2, 320, 4)
    assert max(garden.tree.cum_log_probs.tolist()) == 0
    assert min(garden.tree.cum_log_probs.tolist()) == pytest.approx(-320 * math.log(2), rel=1e-6)


def test_a_plain_double_would_go_blind_where_a_line_does_not() -> None:
    """Why lines take fresh bits: without them a fair coin shows one face for ever."""
    u, plain = uniform(1, 0, 0), []
    line, kept = Line(u), []
    for step in range(200):
        plain.append(int(u >= 0.5))
        u = u * 2 - (u >= 0.5)
        face = int(line.u >= 0.5)
        kept.append(face)
        line = advance(line, face / 2, 0.5, uniform(1, 0, step))
    assert sum(plain[60:]) == 0
    assert 40 < sum(kept[60:]) < 100
    assert plain[:23] == kept[:23]
