"""Typed: a branch by given tokens, each with its probability."""

import math
from dataclasses import dataclass
from typing import ClassVar, Final

from semioscope.core.distribution import Answer, NextState, Question
from semioscope.core.errors import Conflict, InvalidRequest
from semioscope.core.growth import Growth
from semioscope.core.strategies.plan import MOST_EXPANSIONS, Ask, Strategy, check_budget
from semioscope.core.strategies.report import Findings
from semioscope.core.strategies.steps import settle
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId

MOST_KEYS: Final = 1024


@dataclass(frozen=True, slots=True)
class Typed:
    """The branch of these keys. All states of the path are asked about at once.

    Raises InvalidRequest: "empty-branch", "branch-too-long".
    """

    keys: tuple[int, ...]
    kind: ClassVar[str] = "typed"
    is_drawn: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if not self.keys:
            raise InvalidRequest("empty-branch", "A branch needs at least one token.")
        if len(self.keys) > MOST_KEYS:
            raise InvalidRequest(
                "branch-too-long", f"A typed branch has at most {MOST_KEYS} tokens."
            )

    @property
    def total(self) -> int:
        return len(self.keys)

    def run(
        self,
        growth: Growth,
        anchor: NodeId,
        budget: int = MOST_EXPANSIONS,
        findings: Findings | None = None,  # noqa: ARG002 -- it finds nothing, but is a Plan
    ) -> Strategy:
        """Of a rewriting rule, keys lead through what is stored only.

        Raises InvalidRequest, before anything is asked: "over-budget", "unknown-token",
        "beyond-end", "branch-too-long"; and when answers come,
        "impossible-token" (probability 0 under the rule), "untold-token" (the rule does not tell
        its probability). Conflict "under-a-cut" when the branch leads into a pruned part."""
        check_budget(self, budget)
        if growth.tree.rule.kind == "rewriting":
            return self._through_stored(growth, anchor)
        return self._run(growth, anchor, self._states(growth.tree, anchor))

    def _through_stored(self, growth: Growth, anchor: NodeId) -> Strategy:
        _, known = self._known_part(growth, anchor)
        if known < len(self.keys):
            raise InvalidRequest(
                "unknown-token",
                f"There is no next state {self.keys[known]} here.",
                "Type the next state itself.",
            )
        yield from ()

    def _states(self, tree: Tree, anchor: NodeId) -> list[tuple[int, ...]]:
        """The state before each key. Raises InvalidRequest."""
        state = tuple(tree.state_of(anchor))
        size = tree.rule.alphabet_size
        for key in self.keys:
            if key < 0 or (size is not None and key >= size):
                raise InvalidRequest("unknown-token", f"Token {key} does not exist.")
        if tree.is_terminal(anchor) or any(key in tree.rule.end_keys for key in self.keys[:-1]):
            raise InvalidRequest("beyond-end", "Nothing can follow a state that has ended.")
        room = tree.max_length - len(state)
        if len(self.keys) > room:
            raise InvalidRequest(
                "branch-too-long",
                f"There is room for {room} more tokens here, and this has {len(self.keys)}.",
            )
        return [state + self.keys[:length] for length in range(len(self.keys))]

    def _run(self, growth: Growth, anchor: NodeId, states: list[tuple[int, ...]]) -> Strategy:
        node, known = self._known_part(growth, anchor)
        if known == len(self.keys):
            return
        if growth.under_cut(node):
            raise Conflict(
                "under-a-cut", "This branch leads into a pruned part.", "Restore it first."
            )
        answers = yield [
            Ask(node, Question(state, keys=(key,), given=len(growth.tree.prompt)))
            for state, key in zip(states[known:], self.keys[known:], strict=True)
        ]
        scored = [
            _told(key, answer) for key, answer in zip(self.keys[known:], answers, strict=True)
        ]
        for following in scored:
            if following.log_prob == -math.inf:
                raise InvalidRequest(
                    "impossible-token", f"The rule gives token {following.key} probability 0 here."
                )
        for answer, following in zip(answers, scored, strict=True):
            if not settle(growth, node, answer):
                return
            node = growth.child(node, following)

    def _known_part(self, growth: Growth, anchor: NodeId) -> tuple[NodeId, int]:
        """How far the tree leads without the rule: the last state, and how many keys on."""
        node = anchor
        for done, key in enumerate(self.keys):
            child = _known_child(growth, node, key)
            if child is None or growth.under_cut(node):
                return node, done
            node = child
        return node, len(self.keys)


def _told(key: int, answer: Answer) -> NextState:
    following = answer.scored[0]
    if following is None:
        raise InvalidRequest(
            "untold-token",
            f"The rule tells only the most probable next tokens, and token {key} is not among "
            "them here.",
            "Type something more likely, or choose from what the rule tells.",
        )
    return following


def _known_child(growth: Growth, node: NodeId, key: int) -> NodeId | None:
    child = growth.find_child(node, key)
    if child is not None and not growth.is_hidden(child):
        return child
    expansion = growth.expansion(node)
    is_candidate = expansion is not None and key in expansion.keys
    return growth.child(node, key) if is_candidate else None
