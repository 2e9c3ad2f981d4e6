"""Chunks of logits, each gone through a few times in all for everything that is asked of its rows.

One row of a large vocabulary is 200 kB: normaliser, entropy and leading candidates are computed
for all rows of a chunk together, where the chunk lies (on the device, or in the processor's
cache), and only those few numbers are brought to numpy. A row itself is, when somebody looks
beyond its leading candidates.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from semioscope.core.ranking import LEADING, RankedRow, rank_codes
from semioscope.core.types import Float32Array, FloatArray, IdArray
from semioscope.rules.causal_lm.hands import hands

BLOCK: Final = 64
"""Next states of which only the greatest is looked at in the first search for the leading ones."""
CACHED: Final = 1 << 19
"""Logits that a processor goes through several times at once: few enough to stay in its cache."""


@dataclass(frozen=True)
class Tempered:
    """log Σ exp(β·logit) f64[A] in nats, and the entropy f64[A] of exp(β·logit) in bits."""

    log_sum_exp: FloatArray
    entropy: FloatArray


class Survey:
    """What is known of A rows of logits f[A, N]."""

    def __init__(self, logits: Tensor) -> None:
        self._logits = logits.float()
        self._tempered: dict[float, Tempered] = {}
        self._shift: Float32Array = self.tempered(1.0).log_sum_exp.astype(np.float32)
        self.sizes = self._count_possible()
        self.keys, self.log_probs, self.is_ranked = self._lead()

    def __len__(self) -> int:
        return len(self._logits)

    def tempered(self, beta: float) -> Tempered:
        """Of every row to the power β, computed when first asked for."""
        known = self._tempered.get(beta)
        if known is None:
            known = self._tempered[beta] = _temper(self._logits, beta)
        return known

    def normaliser(self, place: int, beta: float) -> tuple[float, float]:
        """As `RankedRow.normaliser`: of the log-probabilities f32[N] of one row."""
        tempered = self.tempered(beta)
        log_z = float(tempered.log_sum_exp[place]) - beta * float(self._shift[place])
        return log_z, float(tempered.entropy[place])

    def row(self, place: int) -> Float32Array:
        """The log-probabilities f32[N] of one row, nats."""
        row: Float32Array = self._logits[place].cpu().numpy() - self._shift[place]
        return row

    def log_probs_at(self, place: int, keys: IdArray) -> Float32Array:
        """The log-probabilities f32[K] of some keys of one row, nats."""
        at = torch.from_numpy(keys.astype(np.int64)).to(self._logits.device)
        found: Float32Array = self._logits[place][at].cpu().numpy() - self._shift[place]
        return found

    def _count_possible(self) -> list[int]:
        """How many next states of each row have a positive probability."""
        size = self._logits.shape[1]
        least: list[float] = self._logits.amin(-1).tolist()
        return [
            size if low > -math.inf else int((self._logits[place] > -math.inf).sum())
            for place, low in enumerate(least)
        ]

    def _lead(self) -> tuple[NDArray[np.uint32], Float32Array, NDArray[np.bool_]]:
        """(keys u32[A, K], log_probs f32[A, K], whether they are the leading ones, bool[A]).

        They are not where a tie lies across the border: the search does not say which keys it
        leaves out.
        """
        count = min(LEADING + 1, self._logits.shape[1])
        found, keys = _greatest(self._logits, count)
        log_probs: Float32Array = found.cpu().numpy() - self._shift[:, None]
        codes = rank_codes(keys.cpu().numpy(), log_probs)
        order = np.argsort(codes, axis=1)
        ranked = np.take_along_axis(log_probs, order, 1)
        in_order = np.take_along_axis(codes, order, 1).astype(np.uint32)
        if count <= LEADING:
            return in_order, ranked, np.ones(len(ranked), np.bool_)
        is_clear: NDArray[np.bool_] = ranked[:, LEADING - 1] > ranked[:, LEADING]
        return in_order[:, :LEADING], ranked[:, :LEADING], is_clear


class SurveyedRow(RankedRow):
    """One row of a survey: its leading next states are known, the rest when it is looked at."""

    def __init__(self, survey: Survey, place: int) -> None:
        self._survey = survey
        self._place = place
        self._whole: Float32Array | None = None
        self._size = survey.sizes[place]
        known = min(LEADING, self._size) if survey.is_ranked[place] else 0
        self._keys = survey.keys[place, :known]
        self._ranked = survey.log_probs[place, :known]

    @property
    def log_probs(self) -> Float32Array:
        if self._whole is None:
            self._whole = self._survey.row(self._place)
        return self._whole

    def log_probs_of(self, keys: IdArray) -> Float32Array:
        return (
            self._survey.log_probs_at(self._place, keys)
            if self._whole is None
            else self._whole[keys]
        )

    def normaliser(self, beta: float) -> tuple[float, float]:
        if self._size <= LEADING:
            return super().normaliser(beta)
        return self._survey.normaliser(self._place, beta)


def _temper(logits: Tensor, beta: float) -> Tempered:
    """Gone through as seldom as will do, by a processor a few rows at a time. (Not by softmax,
    whose float32 sums over a large vocabulary are off by 1e-5; those of `sum` are by 1e-7.)"""
    rows = max(1, CACHED // logits.shape[1]) if logits.device.type == "cpu" else len(logits)
    blocks = torch.split(logits, rows)
    # A hand is alone, and does the blocks of its chunk itself.
    is_shared = len(blocks) > 1 and torch.get_num_threads() > 1

    def temper(block: Tensor) -> tuple[Tensor, Tensor]:
        return _temper_some(block, beta)

    each = list(hands().map(temper, blocks) if is_shared else map(temper, blocks))
    log_sum_exp, bits = (torch.cat(parts).cpu().numpy() for parts in zip(*each, strict=True))
    return Tempered(log_sum_exp, bits)


def _temper_some(logits: Tensor, beta: float) -> tuple[Tensor, Tensor]:
    """log Σ exp(β·logit) and the entropy in bits, f64[A] each."""
    top = logits.amax(-1, keepdim=True)
    weights = logits - top
    if beta != 1:
        weights *= beta
    weights.exp_()
    total = weights.sum(-1).double()
    mean = weights.mul_(logits).sum(-1).double() / total
    if bool(mean.isnan().any()):  # impossible next states: 0 · −∞
        finite = logits.clamp_min(torch.finfo(logits.dtype).min)
        mean = ((logits - top) * beta).exp_().mul_(finite).sum(-1).double() / total
    log_total = total.log()
    top = top[:, 0].double()
    bits = (log_total - beta * (mean - top)).clamp_min(0.0) / math.log(2)
    return top * beta + log_total, bits


def _greatest(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The `count` greatest logits of each row and their keys, [A, count] each, in any order.

    Whatever is among the greatest lies in a block whose own greatest is.
    """
    size = logits.shape[1]
    blocks = size // BLOCK
    if blocks <= 2 * count:
        found, keys = torch.topk(logits, count, dim=-1, sorted=False)
        return found, keys
    inside = logits[:, : blocks * BLOCK].reshape(len(logits), blocks, BLOCK)
    _, leading = torch.topk(inside.amax(-1), count, dim=-1, sorted=False)
    chosen = inside.gather(1, leading[:, :, None].expand(-1, -1, BLOCK)).flatten(1)
    chosen = torch.cat((chosen, logits[:, blocks * BLOCK :]), dim=-1)
    found, places = torch.topk(chosen, count, dim=-1, sorted=False)
    from_blocks = places < count * BLOCK
    block = leading.gather(1, (places // BLOCK).clamp_max(count - 1))
    keys = torch.where(
        from_blocks,
        block * BLOCK + places % BLOCK,
        places - count * BLOCK + blocks * BLOCK,
    )
    return found, keys
