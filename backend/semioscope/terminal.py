"""What the command line says, and how: results on stdout, progress and refusals on stderr."""

import difflib
import os
import sys
from collections.abc import Iterator
from typing import Any, Final, NoReturn

import typer
from pydantic import AliasChoices, ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from semioscope.core.errors import SemioscopeError
from semioscope.settings import Settings

out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)


_PREFIX: Final = "SEMIOSCOPE_"
_ALIKE: Final = 0.85
"""How much a variable of ours that is no setting has to look like one to be taken for it."""


def settings_or_refuse(**given: Any) -> Settings:
    """The settings of the environment, and those given here; one sentence for each that makes no
    sense, and the end. What looks like a misspelt setting is pointed out."""
    for name, meant in _misspelt():
        err.print(f"{name} is no setting, and is not heeded; {meant} is one.", markup=False)
    try:
        return Settings(**given)
    except SettingsError as error:
        name = str(error).split('"')[1] if '"' in str(error) else "engines"
        said = f" ({error.__cause__})" if error.__cause__ is not None else ""
        err.print(f"{_PREFIX}{name.upper()} is no valid JSON{said}.", markup=False)
    except ValidationError as error:
        for wrong in error.errors():
            err.print(_sentence(wrong["loc"], wrong["type"], wrong["msg"]), markup=False)
    raise typer.Exit(1)


def _sentence(where: tuple[int | str, ...], kind: str, message: str) -> str:
    """What is wrong with a setting, or with a part of one; where: such as ("engines", 0, "url")."""
    name = _PREFIX + str(where[0]).upper().removeprefix(_PREFIX)
    parts = [f"entry {part + 1}" if isinstance(part, int) else f"“{part}”" for part in where[1:]]
    said = message.removeprefix("Value error, ")
    if kind == "extra_forbidden":
        said = "is not known here"
        if where[-1] == "key":
            said += "; “key_env” names the variable that holds a key"
    elif kind == "missing":
        said = "is missing"
    elif kind in ("int_parsing", "float_parsing"):
        said = "must be a whole number" if kind == "int_parsing" else "must be a number"
    elif said.startswith("Input should be "):
        said = "must be " + said.removeprefix("Input should be ").removeprefix("a valid ")
    elif kind.startswith("byte_size"):
        said = "must be a number of bytes, such as 1073741824 or 1GiB"
    if len(where) == 1 and said.startswith(("must", "is")):
        return f"{name} {said}."
    return f"{', '.join([name, *parts])}{' ' if said.startswith(('must', 'is')) else ': '}{said}."


def _misspelt() -> Iterator[tuple[str, str]]:
    """Variables of the environment that are no setting, and the setting each looks like."""
    known = set()
    for field, info in Settings.model_fields.items():
        alias = info.validation_alias
        names = alias.choices if isinstance(alias, AliasChoices) else [_PREFIX + field.upper()]
        known |= {str(name) for name in names}
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and name not in known:
            alike = difflib.get_close_matches(name, known, 1, _ALIKE)
            if alike:
                yield name, alike[0]


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
