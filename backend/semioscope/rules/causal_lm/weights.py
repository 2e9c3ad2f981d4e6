"""Reads weights from safetensors, telling how far it is by bytes."""

from collections.abc import Sequence
from pathlib import Path

from safetensors import safe_open
from torch import Tensor

from semioscope.rules.causal_lm.placement import Placement
from semioscope.rules.progress import Progress, how_much


def read_weights(
    files: Sequence[Path], placement: Placement, progress: Progress
) -> dict[str, Tensor]:
    """All tensors by their names, on the device and of the type that were asked for."""
    total = sum(path.stat().st_size for path in files)
    read = 0
    weights: dict[str, Tensor] = {}
    for path in files:
        with safe_open(path, framework="pt") as file:
            for name in file.keys():  # noqa: SIM118 -- not a mapping: it has keys, and no iterator
                tensor: Tensor = file.get_tensor(name)
                read += tensor.nbytes
                weights[name] = tensor.to(placement.device, placement.dtype)
                progress(read / total, f"Reading the weights: {how_much(read, total)}.")
    return weights
