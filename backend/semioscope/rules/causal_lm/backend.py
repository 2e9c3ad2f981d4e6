"""torch and transformers, imported when a model is wanted and not before."""

import contextlib
import gc
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from semioscope.rules.progress import Progress, silent

_one_at_a_time = threading.Lock()
"""What transformers is told below holds for the whole process."""


@contextlib.contextmanager
def quiet_transformers(progress: Progress = silent) -> Iterator[None]:
    """Progress bars and advice of transformers stay out of the server's log meanwhile; what its
    bars count is told to `progress`. One load at a time may do this; others wait."""
    # Read when tqdm is first imported, which transformers does when it reads a GGUF file.
    os.environ.setdefault("TQDM_DISABLE", "1")
    with _one_at_a_time:
        from transformers.utils import logging as untyped

        logging: Any = untyped
        had_bar, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
        logging.disable_progress_bar()
        logging.set_verbosity_error()
        had_hook = logging.set_tqdm_hook(lambda _, args, kwargs: _Bar(progress, *args, **kwargs))
        try:
            yield
        finally:
            logging.set_tqdm_hook(had_hook)
            logging.set_verbosity(verbosity)
            if had_bar:
                logging.enable_progress_bar()


@contextlib.contextmanager
def told_of_gguf(progress: Progress) -> Iterator[None]:
    """The tensors of a GGUF file are counted while transformers reads it."""
    from transformers import modeling_gguf_pytorch_utils as untyped

    # Reading takes half a minute and more, and this bar is all that transformers says meanwhile.
    module: Any = untyped
    bar = module.tqdm

    def counted(*args: Any, **kwargs: Any) -> "_Bar":
        return _Bar(progress, *args, **kwargs)

    module.tqdm = counted
    try:
        yield
    finally:
        module.tqdm = bar


def free_memory() -> None:
    """Gives back what a model that nobody refers to any more still holds."""
    gc.collect()
    torch: Any = sys.modules.get("torch")  # not imported for this: then it holds nothing
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


class _Bar:
    """As much of tqdm as transformers uses: it runs through an iterable, or is updated."""

    def __init__(
        self, progress: Progress, iterable: Any = (), *, total: int | None = None, **_: Any
    ) -> None:
        self._progress = progress
        self._iterable = iterable
        self._total = total or (len(iterable) if hasattr(iterable, "__len__") else 0)
        self._done = 0

    def __iter__(self) -> Iterator[Any]:
        for each in self._iterable:
            yield each
            self.update()

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: None  # what only changes how a bar looks

    def update(self, count: float = 1) -> None:
        self._done += int(count)
        if self._total:
            what = f"Reading the weights: {self._done:,} of {self._total:,} tensors."
            self._progress(self._done / self._total, what)

    def close(self) -> None:
        """There is nothing on a screen to be taken away."""
