"""The command line: serve the observatory, grow without a browser, provide models."""

import asyncio
import json
import math
import socket
import webbrowser
from typing import Annotated, Any, Final

import typer

from semioscope import model_commands
from semioscope.core.errors import SemioscopeError
from semioscope.core.sampling import MinP, Procedure, Step, Temperature, TopK, TopP
from semioscope.settings import Settings
from semioscope.terminal import err, out, progress_bar, refuse, settings_or_refuse

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, help=__doc__)
app.add_typer(model_commands.commands, name="model")

PORTS_TRIED: Final = 50


@app.command()
def serve(
    lan: Annotated[bool, typer.Option("--lan", help="Also for others on this network.")] = False,
    host: Annotated[str | None, typer.Option(help="The address to bind.")] = None,
    port: Annotated[
        int | None, typer.Option(help="The port; without it the first free one from 8000 on.")
    ] = None,
    browse: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in a browser.")
    ] = False,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A further model to offer: a name on the hub, a local folder, a GGUF file. "
            "May be given several times."
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option(help="Log every request.")] = False,
) -> None:
    """Serve the observatory until Ctrl-C."""
    given: dict[str, Any] = {"host": host, "port": port, "lan": lan or None}
    settings = settings_or_refuse(
        **{name: value for name, value in given.items() if value is not None}
    )
    settings = settings.model_copy(update={"models": (*settings.models, *(model or ()))})
    for absent in _absent_models(settings):
        err.print(f"{absent} is not here; it is offered, but will not load.", markup=False)
    bind = "0.0.0.0" if settings.lan and host is None else settings.host  # noqa: S104 -- asked for
    listener = _listen(bind, settings.port, is_given="port" in settings.model_fields_set)
    # Imported when the port is known to be free: a refusal should come at once.
    from semioscope.server import run

    actual = listener.getsockname()[1]
    addresses = [f"http://{_shown(bind)}:{actual}"]
    if bind == "0.0.0.0":  # noqa: S104 -- compared, not bound
        addresses.append(f"http://{_lan_address()}:{actual}")

    def announce() -> None:
        out.print(f"Semioscope is at [bold]{addresses[0]}[/bold]")
        for address in addresses[1:]:
            out.print(f"and for others on this network at [bold]{address}[/bold]")
        if browse:
            webbrowser.open(addresses[0])

    try:
        run(settings, listener, announce, out.print, verbose=verbose)
    except SemioscopeError as error:
        listener.close()
        refuse(error)


@app.command()
def grow(
    prompt: Annotated[str, typer.Argument(help="How the text begins.")],
    rule: Annotated[str, typer.Option(help="A rule on offer (semioscope model list).")] = "smollm2",
    lines: Annotated[int, typer.Option(help="Equally likely worlds.")] = 12,
    steps: Annotated[int, typer.Option(help="Tokens of each.")] = 16,
    temperature: Annotated[float | None, typer.Option(help="0 is greedy.")] = None,
    top_k: Annotated[int | None, typer.Option(help="Keep the k most probable.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Keep the leading mass p.")] = None,
    min_p: Annotated[float | None, typer.Option(help="Keep p times the most probable.")] = None,
    seed: Annotated[int, typer.Option(help="Another draw; 0 is the centred one.")] = 0,
    chat: Annotated[bool, typer.Option("--chat", help="Use the model's chat template.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Grow worlds from a prompt and print them, most probable branches first."""
    try:
        steps_asked: list[Step] = []
        if temperature is not None:
            steps_asked.append(Temperature(temperature))
        if top_k is not None:
            steps_asked.append(TopK(top_k))
        if top_p is not None:
            steps_asked.append(TopP(top_p))
        if min_p is not None:
            steps_asked.append(MinP(min_p))
        told = asyncio.run(
            _grow(prompt, rule, lines, steps, seed, Procedure(tuple(steps_asked)), chat)
        )
    except SemioscopeError as error:
        refuse(error)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print_worlds(told)


@app.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    from semioscope.app import document_of_the_api

    typer.echo(json.dumps(document_of_the_api(), ensure_ascii=False, indent=2))


# Serving


def _listen(host: str, port: int, *, is_given: bool) -> socket.socket:
    """A bound socket. A port that was asked for is the one or none; else the next free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, port + (1 if is_given or port == 0 else PORTS_TRIED)):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
        except OSError as error:
            listener.close()
            reason = error.strerror or str(error)
            continue
        return listener
    err.print(f"{host} port {port} cannot be used: {reason}.")
    err.print("Another Semioscope may be running; choose a port with --port, such as 8123.")
    raise typer.Exit(1)


def _absent_models(settings: Settings) -> list[str]:
    """The models that are meant to be on this machine, and are not."""
    from semioscope.rules.causal_lm.sources import offered_sources

    named = [source for source in offered_sources(settings) if source.where is not None]
    return [
        str(source.where)
        for source in named
        if (source.path is not None and not source.path.exists())
        or (source.path is None and source.hub is None)
    ]


def _shown(host: str) -> str:
    if host in ("0.0.0.0", "127.0.0.1"):  # noqa: S104 -- compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _lan_address() -> str:
    """This machine's address on its network; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return socket.gethostname()


# Growing


async def _grow(
    prompt: str, rule: str, lines: int, steps: int, seed: int, procedure: Procedure, chat: bool
) -> dict[str, Any]:
    from semioscope.core.strategies.worlds import Worlds
    from semioscope.rules.catalogue import Catalogue
    from semioscope.service.beginnings import initial_tree
    from semioscope.service.headless import grow_in_memory, worlds_of

    settings = settings_or_refuse()
    worlds = Worlds(lines, steps, seed=seed)
    catalogue = Catalogue(settings)
    try:
        with progress_bar() as progress:
            task = progress.add_task(f"Loading {rule}", total=None)
            loaded = await catalogue.rule(rule)  # no other is asked for: it stays
            tree = await initial_tree(loaded, prompt, settings, procedure=procedure, chat=chat)
            progress.update(task, description="Growing worlds", total=worlds.total, completed=0)
            await grow_in_memory(
                tree,
                loaded,
                worlds,
                settings.max_budget,
                lambda done: progress.update(task, completed=done),
            )
    finally:
        catalogue.close()
    return {
        "rule": tree.rule.to_json(),
        "prompt": prompt,
        "procedure": procedure.to_wire(),
        "ledger": tree.ledger.to_json(),
        "worlds": [
            {
                "text": world.text,
                "share": world.share,
                "bits": -world.log_prob / math.log(2) + 0.0,
                "log_prob": world.log_prob,
                "keys": [tree.key(node) for node in tree.path(world.node)[1:]],
            }
            for world in worlds_of(tree, worlds)
        ],
    }


def _print_worlds(told: dict[str, Any]) -> None:
    typer.echo("share    bits  world")
    for world in told["worlds"]:
        text = _visible(world["text"])
        typer.echo(f"{world['share']:5.1%}  {world['bits']:6.1f}  {text}")


def _visible(text: str) -> str:
    """One line: breaks shown, and no control character let through to the terminal."""
    shown = text.replace("\n", "↵")
    return "".join(
        character if character.isprintable() else f"⟨{ord(character):X}⟩" for character in shown
    )


if __name__ == "__main__":
    app()
