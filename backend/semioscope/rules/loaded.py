"""A rule that can be used: what it is, and who answers questions about it."""

from collections.abc import Callable
from dataclasses import dataclass

from semioscope.core.alphabet import Alphabet
from semioscope.core.errors import InvalidRequest
from semioscope.core.types import State
from semioscope.rules.protocol import AnyRule, RewritingRule, TokenRule
from semioscope.rules.successors_worker import SuccessorsWorker
from semioscope.rules.worker import RuleWorker, Worker


def _from_anything(state: State) -> None:
    """Most rules take any beginning that they can encode."""


@dataclass(frozen=True)
class LoadedRule:
    """A rule, and the worker that alone may evaluate it.

    must_begin: raises InvalidRequest for a prompt that the rule cannot go on from.
    """

    rule: TokenRule | RewritingRule
    worker: Worker
    must_begin: Callable[[State], None] = _from_anything

    @property
    def alphabet(self) -> Alphabet | None:
        """The tokens; None for a rewriting rule, which has none."""
        return None if isinstance(self.rule, RewritingRule) else self.rule.alphabet

    def tokens(self) -> TokenRule:
        """The rule, if its states are tokens. Raises InvalidRequest "no-tokens"."""
        if isinstance(self.rule, RewritingRule):
            known = self.rule.description
            raise InvalidRequest(
                "no-tokens", f"{known.name} has no tokens: each of its states is rewritten whole."
            )
        return self.rule


def alone(rule: AnyRule) -> LoadedRule:
    """A rule of this process, with one thread that owns it."""
    if isinstance(rule, RewritingRule):
        return LoadedRule(rule, SuccessorsWorker(rule))
    return LoadedRule(rule, RuleWorker(rule))
