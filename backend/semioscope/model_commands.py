"""`semioscope model`: lists, provides and removes the models of this machine."""

import logging
import shlex
import sys
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from semioscope.core.errors import SemioscopeError
from semioscope.terminal import err, out, progress_bar, refuse, settings_or_refuse

commands = typer.Typer(no_args_is_help=True, help="The models of this machine.")

_AS_WIDE_AS_IT_IS: Final = 1000
"""Columns: nothing of a commit or a path is cut off, on a narrow terminal either."""
_MODEL: Final = (
    "An id of the list, a name on the hub (owner/name, owner/name@revision, "
    "owner/name:file.gguf), a local folder, or a GGUF file."
)


@commands.command("list")
def list_models() -> None:
    """List the models of this machine: what is offered, and what is kept beside."""
    from semioscope.rules.causal_lm.library import list_models as found

    columns = ("id", "name", "here", "size", "revision", "offered", "where")
    table = Table(*columns, box=None, pad_edge=False)
    for each in found(settings_or_refuse()):
        table.add_row(
            each.id,
            each.name,
            "yes" if each.is_provided else "no",
            _spoken(each.size) if each.size else "",
            each.revision or "",
            {"default": "default", "offered": "yes", "kept": "no"}[each.standing],
            each.where,
        )
    Console(width=_AS_WIDE_AS_IT_IS, highlight=False, soft_wrap=True).print(table)


@commands.command()
def provide(model: Annotated[str | None, typer.Argument(help=_MODEL)] = None) -> None:
    """Make a model ready to load: fetch, convert or check it, and keep what that takes.

    Without a name: the default model, converted once.
    """
    from semioscope.rules.causal_lm.files import find_files
    from semioscope.rules.causal_lm.library import source_of

    settings = settings_or_refuse()
    logging.getLogger("semioscope").addHandler(logging.NullHandler())  # what it says is said below
    with progress_bar() as bar:
        task = bar.add_task(model or "The default model", total=1.0)
        try:
            source = source_of(model, settings)
            files = find_files(
                source,
                settings,
                lambda share, what: bar.update(task, completed=share, description=what),
            )
            if source.where is not None:
                from semioscope.rules.causal_lm.inspection import prove_loadable

                bar.update(task, completed=1.0, description=f"Checking {source.name}")
                prove_loadable(source.name, files)
        except SemioscopeError as error:
            refuse(error)
    which = "The default model" if source.where is None else source.name
    at = f", at {files.revision}" if source.hub else ""
    out.print(f"{which} is in {files.folder}{at}", markup=False)
    if source.where is not None and source.where not in settings.models:
        named = shlex.quote(str(source.where))
        err.print(f"A server offers it by: semioscope serve --model {named}", markup=False)


@commands.command()
def remove(
    model: Annotated[str, typer.Argument(help="An id of the list, or a name as it was given.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove what the cache keeps of a model: what was converted, or fetched from the hub."""
    from semioscope.rules.causal_lm import library

    settings = settings_or_refuse()
    try:
        removal = library.removal_of(library.find_model(model, settings))
        kept = _spoken(removal.size)
        if not yes and not _confirmed(
            removal.model.name, kept, of_hub=removal.model.pin is not None
        ):
            err.print("Nothing was removed.")
            raise typer.Exit(1)
        library.remove(removal, settings)
    except SemioscopeError as error:
        refuse(error)
    out.print(f"{removal.model.name} is removed; {kept} are free again.", markup=False)


def _confirmed(name: str, size: str, *, of_hub: bool) -> bool:
    if not is_terminal():
        err.print("Without a terminal to ask on, --yes is needed.")
        return False
    others = " Other programs that use it would have to fetch it again." if of_hub else ""
    return typer.confirm(f"Remove what is kept of {name} ({size})?{others}", err=True)


def is_terminal() -> bool:
    """Whether there is somebody to ask."""
    return sys.stdin.isatty()


def _spoken(size: int) -> str:
    for unit, name in ((1e9, "GB"), (1e6, "MB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size / 1e3:.0f} kB"
