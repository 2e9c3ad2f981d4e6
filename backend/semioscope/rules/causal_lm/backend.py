"""torch and transformers, imported when a model is wanted and not before."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def quiet_transformers() -> Iterator[None]:
    """Progress bars and advice of transformers stay out of the server's log meanwhile."""
    # Read when tqdm is first imported, which transformers does when it reads a GGUF file.
    os.environ.setdefault("TQDM_DISABLE", "1")
    from transformers.utils import logging as untyped

    logging: Any = untyped
    had_bar, verbosity = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if had_bar:
            logging.enable_progress_bar()
