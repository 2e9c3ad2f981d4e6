"""What a rule made of others is: which state each is asked about, and what becomes of the rows."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from semioscope.core.errors import InvalidRequest, Unavailable
from semioscope.core.types import Float32Array
from semioscope.rules.loaded import LoadedRule
from semioscope.rules.protocol import TokenRule


class WholeRow(NamedTuple):
    """log_probs f32[N] by key, nats; log_sum_exp of the raw logits, nats, 0 where there are
    none."""

    log_probs: Float32Array
    log_sum_exp: float


class DerivedRule(TokenRule, Protocol):
    """A TokenRule over the alphabet of the rules that it is made of."""

    @property
    def parts(self) -> tuple[LoadedRule, ...]:
        """The rules that it is made of, all of one alphabet."""

    def states_of(self, state: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """The state that each part is asked about. Raises InvalidRequest where there is none."""

    def combined(self, rows: Sequence[WholeRow]) -> WholeRow:
        """The rule at a state, from the rows of its parts there; pure."""


def check_state(rule: TokenRule, state: object, keys: Sequence[int] = ()) -> tuple[int, ...]:
    """The state, if the rule can be asked about it, and about next states of those keys.

    Raises InvalidRequest "wrong-state", "empty-state", "state-too-long", "unknown-token".
    """
    known, size = rule.description, rule.alphabet.size
    if not isinstance(state, tuple):
        raise InvalidRequest("wrong-state", "The states of this rule are token ids, not bytes.")
    if not state and known.needs_prompt:
        raise InvalidRequest("empty-state", f"{known.name} needs a prompt.", "Write a prompt.")
    if len(state) > known.window:
        raise InvalidRequest(
            "state-too-long",
            f"A state of {len(state):,} tokens is longer than the window of {known.name}, "
            f"{known.window:,}.",
        )
    for key in (*state, *keys):
        if not 0 <= key < size:
            raise InvalidRequest(
                "unknown-token", f"There is no token {key}: the alphabet has {size:,} tokens."
            )
    return state


def whole_tokens(loaded: LoadedRule) -> TokenRule:
    """The rule, if others can be made of it: of whole distributions over tokens.

    Raises InvalidRequest "no-tokens" or "told-in-part".
    """
    rule = loaded.tokens()
    if not rule.description.whole_distribution:
        raise InvalidRequest(
            "told-in-part",
            f"{rule.description.name} tells only its most probable next tokens; a rule can be made "
            "only of one that tells them all.",
        )
    return rule


def closed(rule: TokenRule) -> Unavailable:
    """What is said when its worker has been ended."""
    return Unavailable(
        "rule-closed",
        f"{rule.description.name} is being shut down.",
        "Try again shortly.",
        retryable=True,
    )
