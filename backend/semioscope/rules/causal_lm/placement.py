"""On what device a model's numbers are, and of what type."""

from dataclasses import dataclass
from typing import Self

import torch

from semioscope.core.errors import Unavailable
from semioscope.settings import Settings


@dataclass(frozen=True)
class Placement:
    """Where the tensors of a model are, and their type."""

    device: torch.device
    dtype: torch.dtype

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings ask for; "auto" is CUDA if there is such a device, and float32.

        Raises Unavailable "no-cuda".
        """
        has_cuda = torch.cuda.is_available()
        if settings.device == "cuda" and not has_cuda:
            raise Unavailable(
                "no-cuda",
                "The models should be on a CUDA device, but this machine shows none.",
                "Set SEMIOSCOPE_DEVICE to auto or cpu, or install a torch that knows the device.",
            )
        device = "cuda" if has_cuda and settings.device != "cpu" else "cpu"
        # In half precision a batch and a single state differ by far more than 1e-4: only on demand.
        dtype = "float32" if settings.dtype == "auto" else settings.dtype
        return cls(torch.device(device), getattr(torch, dtype))

    @property
    def dtype_name(self) -> str:
        """As in a fingerprint: "float32"."""
        return str(self.dtype).removeprefix("torch.")
