"""What the layers of a transformers cache remember, taken apart by row and put together again.

Layers that attend keep keys and values of every token, so that what a prefix adds to an earlier
one is enough. Recurrent and convolution layers keep a state of the whole prefix, which they change
in place: it is copied on the way out and on the way in.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor
from transformers.cache_utils import (
    Cache,
    DummyLayer,
    DynamicCache,
    DynamicLayer,
    DynamicSlidingWindowLayer,
    LinearAttentionAndFullAttentionLayer,
    LinearAttentionCacheLayerMixin,
    LinearAttentionLayer,
)

_KINDS: Final = (
    *(DynamicLayer, LinearAttentionLayer, LinearAttentionAndFullAttentionLayer, DummyLayer),
)


@dataclass(frozen=True)
class LayerMemory:
    """One layer's memory of one prefix. attention: keys and values f[1, kv_heads, R, head_dim] of
    the R tokens beyond the parent. states: of the whole prefix, by whether they are recurrent
    (else of a convolution) and by their number."""

    attention: tuple[Tensor, Tensor] | None
    states: dict[tuple[bool, int], Tensor]

    @property
    def attention_size(self) -> int:
        """Bytes of keys and values."""
        return sum(tensor.nbytes for tensor in self.attention or ())

    @property
    def states_size(self) -> int:
        """Bytes of states."""
        return sum(state.nbytes for state in self.states.values())


def empty_cache(config: Any) -> Cache:
    """A cache of the layers that the configuration names.

    A sliding layer keeps all tokens: what the window hides, the model's own mask hides.
    Raises UnknownMemory for layers whose memory cannot be taken apart.
    """
    cache = DynamicCache(config=config)
    for place, layer in enumerate(cache.layers):
        if type(layer) is DynamicSlidingWindowLayer:
            cache.layers[place] = DynamicLayer()  # type: ignore[no-untyped-call]  # it has no types
    for layer in cache.layers:
        if type(layer) not in _KINDS:
            raise UnknownMemory(type(layer).__name__)
    return cache


def filled_cache(config: Any, rows: Sequence[Sequence[Sequence[LayerMemory]]]) -> Cache:
    """A cache with one row for each of `rows`: the memories of a chain of prefixes, the shortest
    first. All chains have the same number of tokens."""
    cache = empty_cache(config)
    layers: list[Any] = cache.layers
    for place, layer in enumerate(layers):
        parts = [prefix[place].attention for chain in rows for prefix in chain]
        attention = [part for part in parts if part is not None]
        if attention:
            layer.update(*(_by_row(list(each), len(rows)) for each in zip(*attention, strict=True)))
        ends = [chain[-1][place].states for chain in rows if chain]
        for recurrent, number in ends[0] if ends else ():
            state = torch.cat([end[recurrent, number] for end in ends])
            put = layer.update_recurrent_state if recurrent else layer.update_conv_state
            put(state, state_idx=number)
    return cache


def memories(cache: Cache, past: int) -> Iterator[list[LayerMemory]]:
    """For each row what the layers remember of it, of attention from the token `past` on."""
    by_layer = [_by_kind(layer, past) for layer in cache.layers]
    tensors = [tensor for layer in by_layer for tensor in layer.values()]
    for row in range(len(tensors[0])):
        yield [_of_row(layer, row) for layer in by_layer]


def _by_kind(layer: Any, past: int) -> dict[Any, Tensor]:
    """All rows of a layer: under "keys", "values" and (recurrent, number)."""
    found: dict[Any, Tensor] = {}
    if isinstance(layer, DynamicLayer) and layer.keys is not None and layer.values is not None:
        found |= {"keys": layer.keys[:, :, past:], "values": layer.values[:, :, past:]}
    if isinstance(layer, LinearAttentionCacheLayerMixin):
        for recurrent, states in ((False, layer.conv_states), (True, layer.recurrent_states)):
            for number, state in states.items():
                if state is not None:
                    found[recurrent, number] = state
    return found


def _of_row(layer: dict[Any, Tensor], row: int) -> LayerMemory:
    mine = {kind: tensor[row : row + 1].clone() for kind, tensor in layer.items()}
    keys, values = mine.pop("keys", None), mine.pop("values", None)
    return LayerMemory(None if keys is None or values is None else (keys, values), mine)


def _by_row(parts: list[Tensor], rows: int) -> Tensor:
    """From parts f[1, H, R, D] of the rows, one row after the other, to f[rows, H, P, D]."""
    joined = torch.cat(parts, dim=2)
    return joined.view(joined.shape[1], rows, -1, joined.shape[3]).transpose(0, 1)


class UnknownMemory(Exception):  # noqa: N818 -- not an error of anybody: another path is taken
    """A cache has layers of a kind that is not known here."""
