"""The linear layers of a model of transformers, multiplied by matrices laid out for few rows.

Each matrix is laid out once and its plain form let go, so that none is kept twice; one that is
also something else, such as the embedding that a head shares, stays for that.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from semioscope.rules.causal_lm.matrix import Product, product_with

_AT_ONCE: Final = 512
"""Columns of a matrix that are read back at once."""
_TRIED_ROWS: Final = 3


def can_be_packed(model: Any) -> bool:
    """Whether its numbers and its device are such that it may gain."""
    return bool(model.device.type == "cpu" and model.dtype == torch.float32)


@torch.no_grad()
def pack(model: Any) -> Callable[[], None]:
    """Makes a model's products faster, and returns what undoes that, exactly.

    A layer whose product is not what it was, or that somebody else has changed, is left alone.
    Undoing takes a product with the identity for each matrix: long, for a large model.
    """
    shared = _shared_weights(model)
    undo = [
        _pack_layer(layer, keep=layer.weight.data_ptr() in shared)
        for layer in list(model.modules())
        if type(layer) in (nn.Linear, Conv1D) and "forward" not in vars(layer)
    ]

    @torch.no_grad()
    def unpack() -> None:
        for each in undo:
            each()

    return unpack


def _pack_layer(layer: Any, keep: bool) -> Callable[[], None]:
    columns_first = type(layer) is Conv1D
    weight = layer.weight.detach()
    columns = weight.shape[0 if columns_first else 1]
    product = product_with(weight.T.contiguous() if columns_first else weight)

    def forward(x: Tensor) -> Tensor:
        rows = product(x.reshape(-1, columns))
        if layer.bias is not None:
            rows = rows + layer.bias
        return rows.view(*x.shape[:-1], rows.shape[-1])

    tried = torch.linspace(-1, 1, _TRIED_ROWS * columns).view(_TRIED_ROWS, columns)
    if not torch.allclose(forward(tried), layer(tried), rtol=1e-4, atol=1e-4):
        return lambda: None
    layer.forward = forward
    if not keep:
        layer.weight = nn.Parameter(weight.new_empty(0), requires_grad=False)

    def undo() -> None:
        del layer.forward
        if not keep:
            plain = _read_back(product, columns)
            plain = plain if columns_first else plain.T.contiguous()
            layer.weight = nn.Parameter(plain, requires_grad=False)

    return undo


def _read_back(product: Product, columns: int) -> Tensor:
    """f[columns, rows]: a product with a row of the identity is a column of the matrix, exactly."""
    identity = torch.eye(columns)
    return torch.cat([product(part) for part in torch.split(identity, _AT_ONCE)])


def _shared_weights(model: Any) -> set[int]:
    """Where weights lie that more than one module has."""
    places = Counter(
        module.weight.data_ptr()
        for module in model.modules()
        if isinstance(getattr(module, "weight", None), Tensor)
    )
    return {place for place, modules in places.items() if modules > 1}
