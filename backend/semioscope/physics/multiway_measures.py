"""Measures of a multiway system: states by step, recurrent classes, branchings that meet again.

Merged, equal states are one. For finite rules that is exact. Merging the states of a language model
by their last k tokens is an analogy: a chain whose probabilities are means over what was merged,
with what has not grown leaking to an explicit *unknown* state (SCIENCE.md section 2).
"""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from semioscope.core.below import by_depth
from semioscope.core.errors import InvalidRequest
from semioscope.core.ledger import EXPANDED, GONE
from semioscope.core.sampling import IDENTITY_FINGERPRINT
from semioscope.core.stationary import stationary_within
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, FloatArray
from semioscope.physics.assignment import ends
from semioscope.physics.components import TRANSIENT, closed_components
from semioscope.physics.table import Column, Label, Table

MOST_STATES: Final = 100_000
"""Different states of one count."""
MOST_PAIRED: Final = 2048
"""States of a chain whose branchings are followed."""
State = TypeVar("State", bound=Hashable)


def states_by_step(
    successors: Callable[[State], Iterable[State]], start: State, steps: int
) -> Table:
    """One row for each step 0 … n: how many different states there are exactly so many steps from
    the start (merged), and how many trajectories lead there (unmerged). A successor that is listed
    several times is as many trajectories.

    Raises InvalidRequest "too-many-states" beyond 100,000 at one step.
    """
    counts: dict[State, int] = {start: 1}
    known: dict[State, list[State]] = {}
    merged, unmerged, seen = [1], [1], [1]
    ever = {start}
    for step in range(1, steps + 1):
        following: dict[State, int] = {}
        for state, paths in counts.items():
            if state not in known:
                known[state] = list(successors(state))
            for after in known[state]:
                following[after] = following.get(after, 0) + paths
        if len(following) > MOST_STATES:
            raise InvalidRequest(
                "too-many-states",
                f"At step {step:,} there are {len(following):,} states, more than {MOST_STATES:,}.",
                f"Take {step - 1:,} steps at most.",
            )
        counts = following
        ever |= following.keys()
        merged.append(len(counts))
        unmerged.append(sum(counts.values()))
        seen.append(len(ever))
    return _by_step(merged, unmerged, seen, "theorem", "Equal states are one; the rule is finite.")


def _by_step(
    merged: list[int], unmerged: list[int], seen: list[int], label: Label, assumption: str
) -> Table:
    return Table(
        (
            Column("step", "steps", "theorem", np.arange(len(merged)), "Steps from the start."),
            Column("merged", "states", label, np.array(merged, object), "Different states there."),
            Column(
                "unmerged", "trajectories", "theorem", np.array(unmerged, object), "Ways there."
            ),
            Column("seen", "states", label, np.array(seen, object), "Different states so far."),
        ),
        assumptions=(assumption,),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Recurrence:
    """component i64[S], the recurrent class of each state or TRANSIENT. stationary f64[C, S]: of
    each class, the distribution that it keeps. reaching f64[C]: the probability that the start
    ends up in it."""

    component: NDArray[np.int64]
    stationary: FloatArray
    reaching: FloatArray

    @property
    def in_the_long_run(self) -> FloatArray:
        """The share of time in each state, f64[S], from the start on, in the limit."""
        share: FloatArray = self.reaching @ self.stationary
        return share

    def table(self) -> Table:
        """One row a recurrent class."""
        count = len(self.stationary)
        sizes = np.bincount(self.component[self.component >= 0], minlength=count)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(self.stationary > 0, self.stationary * np.log2(self.stationary), 0.0)
        return Table(
            (
                Column("class", "", "theorem", np.arange(count), "Its number."),
                Column("size", "states", "theorem", sizes, "States that recur in it."),
                Column(
                    "reaching", "probability", "theorem", self.reaching, "That one ends up there."
                ),
                Column(
                    "entropy",
                    "bits",
                    "theorem",
                    -terms.sum(axis=1) + 0.0,
                    "Of its stationary distribution.",
                ),
            ),
            assumptions=("The rule is this finite chain.",),
        )


def recurrence(matrix: FloatArray, start: int) -> Recurrence:
    """The recurrent classes of a finite chain, matrix f64[S, S], seen from a state."""
    component = closed_components(matrix)
    count = int(component.max()) + 1
    stationary = np.zeros((count, len(matrix)))
    for number in range(count):
        members = np.flatnonzero(component == number)
        stationary[number, members] = stationary_within(matrix[np.ix_(members, members)])
    reaching = np.zeros((len(matrix), count))
    inside = component != TRANSIENT
    reaching[np.flatnonzero(inside), component[inside]] = 1
    if not inside.all():
        moving = ~inside
        inner = np.eye(int(moving.sum())) - matrix[np.ix_(moving, moving)]
        entering = matrix[np.ix_(moving, inside)] @ reaching[inside]
        reaching[moving] = np.linalg.solve(inner, entering)
    return Recurrence(component, stationary, reaching[start])


def reconvergence(matrix: FloatArray, steps: int) -> Table:
    """Of all branchings of a finite rule, the pairs of different next states of one state: the
    share that can meet again after t = 0 … n further steps each, one row each t.

    matrix f64[S, S]: an edge for each positive entry; a state that nothing follows stays. Raises
    InvalidRequest "too-many-states" beyond 2,048 states, "no-branching" where nothing branches.
    """
    if len(matrix) > MOST_PAIRED:
        raise InvalidRequest(
            "too-many-states",
            f"Branchings are followed among at most {MOST_PAIRED:,} states; these are "
            f"{len(matrix):,}.",
            "Take fewer cells or symbols.",
        )
    edges = matrix > 0
    is_branched = np.triu((edges.T.astype(np.float32) @ edges.astype(np.float32)) > 0, k=1)
    one, other = np.nonzero(is_branched)
    if not len(one):
        raise InvalidRequest(
            "no-branching",
            "No state of this rule has two different next states, so nothing can come together.",
            "Take a rule that branches.",
        )
    step = edges | np.diag(~edges.any(axis=1))
    reach = np.eye(len(matrix), dtype=np.bool_)
    met = np.zeros(len(one), np.bool_)
    shares = []
    for _ in range(steps + 1):
        meets = (reach.astype(np.float32) @ reach.T.astype(np.float32)) > 0
        met |= meets[one, other]
        shares.append(float(met.mean()))
        reach = (reach.astype(np.float32) @ step.astype(np.float32)) > 0
    return Table(
        (
            Column("step", "steps", "theorem", np.arange(steps + 1), "Further steps of each."),
            Column(
                "met", "share of pairs", "theorem", np.array(shares), "That can have met by then."
            ),
        ),
        assumptions=("Pairs count once, however probable; both take equally many steps.",),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Merged:
    """A tree's states merged by their last k tokens, as a chain over C classes and, last, UNKNOWN.

    class_of i64[size]: of each node, −1 of hidden ones. matrix f64[C + 1, C + 1]: the mean of
    the members' probabilities, weighed by theirs, with what has not grown going to unknown, which
    stays, as do ends of the rule's own. weight f64[C]: the members' summed
    probabilities (of being there at some step: it may exceed 1).
    """

    k: int
    class_of: NDArray[np.int64]
    matrix: FloatArray
    weight: FloatArray
    by_step: Table

    @property
    def unknown(self) -> int:
        """The number of the state that stands for what has not grown."""
        return len(self.weight)


def merged_by_last(
    tree: Tree, k: int, fingerprint: str = IDENTITY_FINGERPRINT, most_states: int = MOST_PAIRED
) -> Merged:
    """A tree of an appending rule merged by the last k tokens of its states, the prompt's included.

    Raises InvalidRequest "no-tokens" for a rewriting rule, "bad-k" for k < 1, "too-many-states"
    where more than `most_states` classes would be written out as a matrix.
    """
    if not isinstance(tree.prompt, tuple):
        raise InvalidRequest("no-tokens", "A rewriting rule's states are merged as they are.")
    if k < 1:
        raise InvalidRequest("bad-k", "States are merged by their last token at least: k ≥ 1.")
    class_of = _last_classes(tree, tree.prompt, k)
    count = int(class_of.max()) + 1
    if count > most_states:
        raise InvalidRequest(
            "too-many-states",
            f"Merged by their last {k} tokens there are {count:,} states, more than "
            f"{most_states:,}.",
            "Take a smaller k, or a smaller part of the tree.",
        )
    q = np.exp(tree.log_probs_under(fingerprint))
    visible = (tree.marks & GONE) == 0
    mass = _masses(tree, np.where(np.isnan(q), 0.0, q))
    weight = np.bincount(class_of[visible], mass[visible], count).astype(np.float64)
    flow = np.zeros((count + 1, count + 1))
    nodes = np.flatnonzero(visible)
    steps = nodes[(nodes != ROOT) & ~np.isnan(q[nodes])]
    sources = tree.parents[steps]
    np.add.at(flow, (class_of[sources], class_of[steps]), mass[steps])
    held = np.bincount(sources, mass[steps], tree.size)
    # What length L stops would go on: only an end of the rule's own stays where it is.
    over = visible & ends(tree)
    np.add.at(flow, (class_of[over], class_of[over]), mass[over])
    rest = np.maximum(0.0, mass - held)
    rest[(tree.marks & EXPANDED) == 0] = mass[(tree.marks & EXPANDED) == 0]
    going = visible & ~over
    np.add.at(flow[:, count], class_of[going], rest[going])
    total = flow.sum(axis=1, keepdims=True)
    matrix = np.divide(flow, total, out=np.zeros_like(flow), where=total > 0)
    lost = total[:, 0] == 0
    matrix[lost, count] = 1
    return Merged(k, class_of, matrix, weight, _tree_by_step(tree, class_of, k))


def _masses(tree: Tree, q: FloatArray) -> FloatArray:
    """The probability of each node from the root on, f64[size]."""
    mass = q.copy()
    for level in by_depth(np.arange(tree.size, dtype=np.uint32), tree.depths)[1:]:
        mass[level] *= mass[tree.parents[level]]
    return mass


def _last_classes(tree: Tree, prompt: tuple[int, ...], k: int) -> NDArray[np.int64]:
    """A number for the last k tokens of each node's state, i64[size]; −1 of hidden nodes."""
    # The prompt stands before the root as a path of its own; its first parent is itself, "before".
    given = len(prompt)
    before = np.maximum(np.arange(given + 1) - 1, 0)
    parents = np.concatenate([before, tree.parents[1:].astype(np.int64) + given])
    keys = np.concatenate([[-1], prompt, tree.keys[1:].astype(np.int64)]).astype(np.int64)
    keys += 1
    classes = np.zeros(len(parents), np.int64)
    for _ in range(k):
        pairs = np.column_stack([classes[parents], keys])
        pairs[0] = -1
        _, classes = np.unique(pairs, axis=0, return_inverse=True)
        classes = classes.ravel()
    found = classes[given:]
    visible = (tree.marks & GONE) == 0
    _, numbered = np.unique(found[visible], return_inverse=True)
    named = np.full(tree.size, -1, np.int64)
    named[visible] = numbered.ravel()
    return named


def _tree_by_step(tree: Tree, class_of: NDArray[np.int64], k: int) -> Table:
    visible = np.flatnonzero(class_of >= 0).astype(np.uint32)
    merged, unmerged, seen = [], [], []
    ever: set[int] = set()
    for level in by_depth(visible, tree.depths[visible]):
        classes = np.unique(class_of[level])
        ever.update(classes.tolist())
        merged.append(len(classes))
        unmerged.append(len(level))
        seen.append(len(ever))
    return _by_step(
        merged,
        unmerged,
        seen,
        "analogy",
        f"States that end in the same {k} tokens count as one; only what has grown is counted.",
    )
