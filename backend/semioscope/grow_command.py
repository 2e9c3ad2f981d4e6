"""`semioscope grow`: a tree from the command line, by any strategy, under any procedure."""

import asyncio
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from semioscope.core.errors import InvalidRequest, SemioscopeError
from semioscope.core.sampling import STEPS, Procedure
from semioscope.core.strategies.report import Figure, Report
from semioscope.core.strategies.worlds import Worlds
from semioscope.core.tree import Tree
from semioscope.core.types import NodeId
from semioscope.exchange.files import may_save
from semioscope.exchange.files import save as save_file
from semioscope.terminal import progress_bar, refuse, settings_or_refuse

_PARAMETERS: Final[dict[str, dict[str, Any]]] = {
    "worlds": {"lines": 12, "steps": 16, "seed": 0},
    "best_first": {"states": 100},
    "breadth": {"k": 3, "depth": 3},
    "mass": {"epsilon": 0.01},
    "beam": {"k": 8, "steps": 16},
    "greedy": {"steps": 32},
    "ancestral": {"rollouts": 16, "steps": 16, "seed": 0},
    "stochastic_beam": {"k": 8, "steps": 16, "seed": 0},
}
"""The options of every strategy, with what they are where they are left out."""
_LEADING: Final = 12
"""States that are listed where a strategy names no trajectories of its own."""


def grow(
    prompt: Annotated[str, typer.Argument(help="How the text begins.")],
    rule: Annotated[
        str,
        typer.Option(
            help="A rule on offer (semioscope model list), or one to be made: its spec as JSON, or "
            "in short, such as coin:0.7, automaton:30 or rewriting:A->AB,B->A."
        ),
    ] = "smollm2",
    strategy: Annotated[
        str,
        typer.Option(help=", ".join(name.replace("_", "-") for name in _PARAMETERS) + "."),
    ] = "worlds",
    lines: Annotated[int | None, typer.Option(help="worlds: equally likely ones.")] = None,
    steps: Annotated[int | None, typer.Option(help="Tokens of each trajectory.")] = None,
    states: Annotated[int | None, typer.Option(help="best-first: states evaluated.")] = None,
    k: Annotated[
        int | None, typer.Option("--k", help="breadth: children; beams: trajectories.")
    ] = None,
    depth: Annotated[int | None, typer.Option(help="breadth: steps.")] = None,
    epsilon: Annotated[float | None, typer.Option(help="mass: the least probability.")] = None,
    rollouts: Annotated[int | None, typer.Option(help="ancestral: trajectories.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Another draw; 0 is the centred one of worlds.")
    ] = None,
    step: Annotated[
        list[str] | None,
        typer.Option(
            help="A step of the procedure, such as top_p=0.9 or forbid=[5,6], in order; may be "
            f"given several times. Kinds: {', '.join(STEPS)}."
        ),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="0 is greedy; goes before --step.")
    ] = None,
    top_k: Annotated[int | None, typer.Option(help="Keep the k most probable.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Keep the leading mass p.")] = None,
    min_p: Annotated[float | None, typer.Option(help="Keep p times the most probable.")] = None,
    stop_ended: Annotated[
        int | None, typer.Option(help="Stop when so many trajectories have ended.")
    ] = None,
    stop_depth: Annotated[
        int | None, typer.Option(help="Evaluate no state more than so many steps down.")
    ] = None,
    stop_resolved: Annotated[
        float | None, typer.Option(help="Stop when so much of the mass has ended.")
    ] = None,
    max_length: Annotated[int | None, typer.Option(help="L; the rule's window otherwise.")] = None,
    chat: Annotated[bool, typer.Option("--chat", help="Use the model's chat template.")] = False,
    save: Annotated[
        Path | None,
        typer.Option(help="Write the tree to a file: .json, .csv, .graphml or .dot, by its name."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Grow a tree from a prompt and print what was found in it."""
    given = {
        "lines": lines,
        "steps": steps,
        "states": states,
        "k": k,
        "depth": depth,
        "epsilon": epsilon,
        "rollouts": rollouts,
        "seed": seed,
    }
    short = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p}
    stop = {"ended": stop_ended, "depth": stop_depth, "resolved": stop_resolved}
    try:
        asked = _strategy_of(strategy, given)
        written = [f"{kind}={value!r}" for kind, value in short.items() if value is not None]
        procedure = procedure_from_texts([*written, *(step or ())])
        if save is not None:
            may_save(save)
        tree, report = asyncio.run(_grow(prompt, rule, asked, stop, procedure, chat, max_length))
        if save is not None:
            save_file(tree, save)
        told = _told(tree, prompt, asked, stop, report)
    except SemioscopeError as error:
        refuse(error)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print(told)
        if save is not None:
            typer.echo(f"saved: {save}")


def procedure_from_texts(texts: Sequence[str]) -> Procedure:
    """A procedure of steps written kind=value, the value as JSON. Raises InvalidRequest."""
    return Procedure.from_wire([_step_of(text) for text in texts])


def _step_of(text: str) -> dict[str, Any]:
    kind, equals, value = text.partition("=")
    kind = kind.strip().replace("-", "_")
    step = STEPS.get(kind)
    if step is None or not equals:
        raise InvalidRequest(
            "bad-step",
            f"“{text}” is no step of a procedure.",
            f"Write kind=value, such as top_p=0.9; the kinds are {', '.join(STEPS)}.",
        )
    try:
        return {"kind": kind, step.field: json.loads(value)}
    except (ValueError, RecursionError):
        raise InvalidRequest(
            "bad-step", f"The value of step {kind}, “{value}”, is neither a number nor a list."
        ) from None


def _strategy_of(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The strategy as a growth is asked for. Raises InvalidRequest for options of others."""
    kind = name.replace("-", "_")
    if kind not in _PARAMETERS:
        listed = ", ".join(each.replace("_", "-") for each in _PARAMETERS)
        raise InvalidRequest("unknown-strategy", f"A strategy is one of {listed}; not “{name}”.")
    options = _PARAMETERS[kind]
    for option, value in given.items():
        if value is not None and option not in options:
            takes = ", ".join(f"--{each}" for each in options)
            raise InvalidRequest(
                "bad-option", f"The strategy {name} takes {takes}, and no --{option}."
            )
    chosen = {
        option: default if given[option] is None else given[option]
        for option, default in options.items()
    }
    return {"kind": kind} | chosen


async def _grow(
    prompt: str,
    rule: str,
    strategy: Mapping[str, Any],
    stop: Mapping[str, Any],
    procedure: Procedure,
    chat: bool,
    max_length: int | None,
) -> tuple[Tree, Report]:
    from semioscope.rules.catalogue import Catalogue
    from semioscope.service.beginnings import initial_tree
    from semioscope.service.headless import described, grow_in_memory, using
    from semioscope.service.plans import plan_of

    settings = settings_or_refuse()
    plan = plan_of(strategy, stop)
    catalogue = Catalogue(settings)
    try:
        with progress_bar() as progress:
            task = progress.add_task(f"Loading {rule}", total=None)
            known = await described(catalogue, rule)
            async with using(catalogue, known) as loaded:
                tree = await initial_tree(
                    loaded, prompt, settings, procedure=procedure, chat=chat, max_length=max_length
                )
                total = plan.plan.total
                progress.update(task, description=plan.label, total=total, completed=0)
                report = await grow_in_memory(
                    tree,
                    loaded,
                    plan.plan,
                    settings.max_budget,
                    lambda done: progress.update(task, completed=done),
                )
    finally:
        catalogue.close()
    return tree, report


def _told(
    tree: Tree,
    prompt: str,
    strategy: Mapping[str, Any],
    stop: Mapping[str, Any],
    report: Report,
) -> dict[str, Any]:
    told = {
        "rule": tree.rule.to_json(),
        "prompt": prompt,
        "procedure": tree.procedure.to_wire(),
        "strategy": dict(strategy),
        "stop": {name: value for name, value in stop.items() if value is not None},
        "states": tree.size,
        "ledger": tree.ledger.to_json(),
        "report": {
            "figures": [
                {
                    "name": figure.name,
                    "value": figure.value,
                    "unit": figure.unit,
                    "guarantee": figure.guarantee,
                    "standard_error": figure.standard_error,
                }
                for figure in report.figures
            ],
            "found": [
                _trajectory(tree, found.node) | {"log_weight": found.log_weight}
                for found in report.found
            ],
            "note": report.note,
        },
    }
    told["leading"] = [_trajectory(tree, node) for node in tree.leaves()[:_LEADING]]
    if strategy["kind"] == "worlds":
        told["worlds"] = _worlds(tree, strategy, stop)
    return told


def _worlds(
    tree: Tree, strategy: Mapping[str, Any], stop: Mapping[str, Any]
) -> list[dict[str, Any]]:
    from semioscope.service.headless import worlds_of

    worlds = Worlds(**{name: value for name, value in strategy.items() if name != "kind"})
    if stop["depth"] is not None:
        worlds = worlds.down_to(stop["depth"])
    return [
        _trajectory(tree, world.node) | {"share": world.share} for world in worlds_of(tree, worlds)
    ]


def _trajectory(tree: Tree, node: NodeId) -> dict[str, Any]:
    log_prob = tree.cum_log_prob(node)
    return {
        "text": tree.text_of(node),
        "bits": -log_prob / math.log(2) + 0.0,
        "log_prob": log_prob,
        "ended": tree.is_terminal(node),
        "keys": [tree.key(step) for step in tree.path(node)[1:]],
    }


def _print(told: Mapping[str, Any]) -> None:
    if "worlds" in told:
        typer.echo("share    bits  world")
        for world in told["worlds"]:
            typer.echo(f"{world['share']:5.1%}  {world['bits']:6.1f}  {visible(world['text'])}")
        return
    for figure in told["report"]["figures"]:
        typer.echo(f"{figure['name']}: {Figure(**figure).said} {figure['unit']}")
    found = told["report"]["found"]
    if not found:
        typer.echo("  bits  the most probable states with nothing grown after them")
        for one in told["leading"]:
            typer.echo(f"{one['bits']:6.1f}  {visible(one['text'])}")
        return
    typer.echo("weight    bits  trajectory")
    for one in found:
        weight = 1.0 if one["log_weight"] is None else math.exp(one["log_weight"])
        typer.echo(f"{weight:6.4g}  {one['bits']:6.1f}  {visible(one['text'])}")


def visible(text: str) -> str:
    """One line: breaks shown, and no control character let through to the terminal."""
    shown = text.replace("\n", "↵")
    return "".join(
        character if character.isprintable() else f"⟨{ord(character):X}⟩" for character in shown
    )
