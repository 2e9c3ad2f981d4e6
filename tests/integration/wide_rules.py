"""A rule with more tokens than a tree stores candidates of: procedures need it again."""

import time
from collections.abc import Iterator, Sequence

import numpy as np

from semioscope.core.alphabet import Alphabet
from semioscope.core.ranking import RankedRow
from semioscope.core.rule import RuleDescription
from semioscope.rules.coin import Coin, CoinLaw
from semioscope.rules.protocol import Row

TOKENS = 200


class Die(Coin):
    """A die of 200 sides, the higher the rarer; what was thrown before changes nothing.

    It takes `seconds` for every batch of throws.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        super().__init__("die", "Die", "A die of many sides.", CoinLaw())
        logits = -np.arange(TOKENS) / 100
        self._row = (logits - np.log(np.exp(logits).sum())).astype(np.float32)
        self._sides = Alphabet([b"<%d>" % side for side in range(TOKENS)], ())

    @property
    def description(self) -> RuleDescription:
        return RuleDescription(
            id="die",
            name="Die",
            kind="appending",
            family="die",
            fingerprint="die-200",
            summary="A die of many sides.",
            alphabet_size=TOKENS,
            window=100,
            end_keys=(),
            whole_distribution=True,
            needs_prompt=False,
        )

    @property
    def alphabet(self) -> Alphabet:
        return self._sides

    def log_probs(self, states: Sequence[tuple[int, ...]]) -> Iterator[Row]:
        time.sleep(self.seconds)
        for index in range(len(states)):
            yield Row(index, RankedRow(self._row), 0.0)
