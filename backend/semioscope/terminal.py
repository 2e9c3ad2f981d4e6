"""What the command line says, and how: results on stdout, progress and refusals on stderr."""

import sys
from typing import Any, Final, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from semioscope.core.errors import SemioscopeError
from semioscope.settings import Settings

out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def settings_or_refuse(**given: Any) -> Settings:
    """The settings of the environment, and those given here; one sentence for each that makes no
    sense, and the end."""
    try:
        return Settings(**given)
    except ValidationError as error:
        for wrong in error.errors():
            name = "_".join(str(part) for part in wrong["loc"][:1]).upper()
            said = wrong["msg"].removeprefix("Value error, ")
            err.print(f"SEMIOSCOPE_{name.removeprefix('SEMIOSCOPE_')}: {said}.", markup=False)
        raise typer.Exit(1) from None


def progress_bar() -> Progress:
    """A bar with words and time, on a terminal only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not sys.stderr.isatty(),
    )


def refuse(error: SemioscopeError) -> NoReturn:
    """Says what was wrong and what to do, and ends."""
    err.print(error.message, markup=False)
    if error.hint:
        err.print(error.hint, markup=False)
    raise typer.Exit(1)
