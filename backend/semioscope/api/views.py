"""From the service's objects to wire types, and from requests to the service's orders."""

import math
from base64 import b64encode
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from semioscope import __version__
from semioscope.api import wire
from semioscope.core.alphabet import text_of
from semioscope.core.errors import InvalidRequest
from semioscope.core.events import Event
from semioscope.core.sampling import Procedure
from semioscope.core.tree import Tree
from semioscope.core.types import ALL_KEPT, NodeId
from semioscope.rules.catalogue import Offer
from semioscope.rules.recipes import Recipe
from semioscope.service.access import Caller
from semioscope.service.allowance import Allowance
from semioscope.service.beginnings import NewTree
from semioscope.service.edited import Edited
from semioscope.service.editing import Branched, ProcedureSet
from semioscope.service.jobs import Job
from semioscope.service.observatory import GrowthOrder, Observatory, TreeDetail, TreeSummary
from semioscope.service.places import Place
from semioscope.service.rule_making import ChainTold, RuleOfTree, TokenOf
from semioscope.service.sharing import Admission, Link
from semioscope.service.stages import StagesAt

STAGE_ROWS: Final = 24
"""Next states of each stage that are listed."""


def status(house: Observatory, caller: Caller) -> wire.Status:
    limits = house.settings
    return wire.Status(
        version=__version__,
        ready=house.is_ready,
        rules=offers(house, caller),
        limits=wire.Limits.model_validate(limits),
    )


def offers(house: Observatory, caller: Caller) -> list[wire.Offer]:
    return [offer(each) for each in house.offers_to(caller)]


def offer(offered: Offer) -> wire.Offer:
    return wire.Offer.model_validate(offered)


def spec(asked: wire.RuleSpec) -> dict[str, Any]:
    """What the core takes: plain JSON."""
    return asked.model_dump()


def rule_draft(recipe: Recipe) -> wire.RuleDraft:
    return wire.RuleDraft(
        description=wire.Rule.model_validate(recipe.description), example=recipe.example
    )


def tree_rule(rule: RuleOfTree) -> wire.TreeRule:
    return wire.TreeRule.model_validate(rule)


def encoded(tokens: list[TokenOf]) -> wire.Encoded:
    return wire.Encoded(
        tokens=[wire.Token(key=token.key, bytes=_base64(token.raw)) for token in tokens]
    )


def chain(told: ChainTold) -> wire.Chain:
    stationary = told.stationary
    return wire.Chain(
        states=list(told.chain.states),
        matrix=told.chain.matrix.tolist(),
        stationary=None if stationary is None else stationary.tolist(),
        closed=told.closed,
    )


def new_tree(asked: wire.CreateTreeRequest) -> NewTree:
    return NewTree(
        rule=asked.rule,
        prompt=asked.prompt,
        chat=asked.chat,
        max_length=asked.max_length,
        procedure=Procedure.from_wire(step.model_dump() for step in asked.procedure),
        name=asked.name,
        growth=None if asked.growth is None else asked.growth.model_dump(),
    )


def growth(asked: wire.GrowRequest) -> GrowthOrder:
    return GrowthOrder(
        node=asked.state.node,
        key=asked.state.key,
        strategy=asked.strategy.model_dump(),
        under_rule=asked.heights == "rule",
        automatic=asked.automatic,
        client=asked.client,
        stop=None if asked.stop is None else asked.stop.model_dump(),
    )


def places(asked: wire.PruneRequest) -> list[Place]:
    """The states that are named. Raises InvalidRequest "bad-prune"."""
    if (asked.state is None) == (asked.states is None):
        raise InvalidRequest(
            "bad-prune", "Name either one state or several, and exactly one of the two."
        )
    states = asked.states or []
    return [(each.node, each.key) for each in ([asked.state] if asked.state else states)]


def tree(detail: TreeDetail) -> wire.TreeView:
    shown = detail.tree
    return wire.TreeView(
        ref=detail.ref,
        kind="live" if detail.seq is None else "frozen",
        seq=shown.seq,
        role=detail.role,
        me=detail.me,
        name=shown.name,
        rule=wire.Rule.model_validate(shown.rule),
        rule_available=detail.rule.is_available,
        rule_state=detail.rule.state,
        rule_message=detail.rule.message,
        prompt=prompt(shown),
        max_length=shown.max_length,
        procedure=steps(shown.procedure),
        fingerprint=shown.fingerprint,
        ledger=wire.Ledger.model_validate(shown.ledger),
        states=shown.size,
        expansions=shown.expansion_count,
        created_at=detail.created_at,
        jobs=[job(each) for each in detail.jobs],
        can_undo=detail.can_undo,
        can_redo=detail.can_redo,
        undo_label=detail.undo_label,
        redo_label=detail.redo_label,
    )


def prompt(tree: Tree) -> wire.Prompt:
    keys = tree.prompt if isinstance(tree.prompt, tuple) else range(len(tree.prompt_pieces))
    return wire.Prompt(
        text=text_of(b"".join(tree.prompt_pieces)),
        tokens=[
            wire.Piece(key=key, bytes=_base64(piece))
            for key, piece in zip(keys, tree.prompt_pieces, strict=True)
        ],
    )


def steps(procedure: Procedure) -> list[wire.Step]:
    return wire.ProcedureRequest.model_validate({"procedure": procedure.to_wire()}).procedure


def summary(tree: TreeSummary) -> wire.TreeSummary:
    return wire.TreeSummary.model_validate(tree)


def job(shown: Job) -> wire.Job:
    return wire.Job.model_validate(shown)


def allowance(shown: Allowance) -> wire.Allowance:
    return wire.Allowance.model_validate(shown)


def edited(edit: Edited) -> wire.Edited:
    return wire.Edited.model_validate(edit)


def branched(branch: Branched) -> wire.Branched:
    return wire.Branched.model_validate(branch)


def procedure_set(change: ProcedureSet) -> wire.ProcedureSet:
    return wire.ProcedureSet.model_validate(change)


def link(shown: Link) -> wire.Link:
    return wire.Link.model_validate(shown)


def admission(given: Admission) -> wire.Admission:
    return wire.Admission.model_validate(given)


def events(found: list[Event], limit: int) -> wire.EventList:
    """`next` is where to go on when there may be more."""
    listed = [
        wire.EventView(
            seq=event.seq,
            kind=event.kind,
            at=event.at,
            by=event.by,
            change=event.change,
            payload=event.payload,
            columns={name: _listed(column) for name, column in event.columns.items()},
        )
        for event in found
    ]
    return wire.EventList(events=listed, next=listed[-1].seq if len(listed) == limit else None)


def _listed(column: NDArray[Any]) -> list[float | int | None]:
    """The values; None for nan, which JSON has not."""
    return [None if value != value else value for value in column.tolist()]


def state(tree: Tree, node: NodeId) -> wire.StateView:
    """Every number that the tree has about one of its nodes."""
    expansion = tree.expansion(node)
    weights = tree.weights_at(node, tree.fingerprint)
    path = tree.path(node)
    pieces = tree.pieces(node)
    shown = pieces[len(pieces) - len(path) + 1 :]
    cumulative = tree.cum_log_prob(node)
    return wire.StateView(
        node=node,
        parent=tree.parent(node),
        key=tree.key(node),
        text=tree.text_of(node),
        depth=tree.depth(node),
        log_prob=tree.log_prob(node),
        cumulative_log_prob=cumulative,
        surprisal=_bits(cumulative),
        terminal=tree.is_terminal(node),
        expanded=expansion is not None,
        cut=tree.is_cut(node),
        under_cut=tree.under_cut(node),
        bookmarked=node in tree.annotations.bookmarks,
        note=tree.annotations.text("note", node),
        label=tree.annotations.text("label", node),
        residual=None if expansion is None else tree.residual(node),
        rest=None
        if expansion is None
        else max(0.0, 1.0 - float(np.exp(expansion.log_probs.astype(np.float64)).sum())),
        untold=None if expansion is None else 1.0 - expansion.told,
        entropy=None if expansion is None else _known(expansion.entropy),
        procedure_entropy=None if weights is None else _known(weights.entropy),
        procedure_kept=None if weights is None or weights.kept == ALL_KEPT else weights.kept,
        path=[
            wire.PathStep(node=step, key=tree.key(step), text=text, log_prob=tree.log_prob(step))
            for step, text in zip(path[1:], shown, strict=True)
        ],
        candidates=_candidates(tree, node),
    )


def _candidates(tree: Tree, node: NodeId) -> list[wire.Candidate]:
    """Those that lead under the rule, then others that lead under the procedure."""
    expansion = tree.expansion(node)
    if expansion is None:
        return []
    following = dict(zip(expansion.keys.tolist(), expansion.log_probs.tolist(), strict=True))
    drawn = dict.fromkeys(following, None)
    fan = tree.fan(node, tree.fingerprint)
    if fan is not None:
        drawn = {key: 0.0 if fan.complete else _tail_probability(tree, node, key) for key in drawn}
        drawn |= dict(zip(fan.keys.tolist(), fan.probabilities.tolist(), strict=True))
        for key, log_prob in zip(fan.keys.tolist(), fan.log_probs.tolist(), strict=True):
            following.setdefault(key, log_prob)
    return [
        wire.Candidate(
            key=key,
            text=text_of(tree.symbols.label(key)),
            bytes=_base64(tree.symbols.label(key)),
            log_prob=log_prob,
            probability=math.exp(log_prob),
            procedure_probability=drawn[key],
            surprisal=_bits(log_prob),
            node=_visible_child(tree, node, key),
        )
        for key, log_prob in following.items()
    ]


def _tail_probability(tree: Tree, node: NodeId, key: int) -> float | None:
    """Under a procedure that ranks it behind what is stored; None where it is not known."""
    child = tree.find_child(node, key)
    log_q = math.nan if child is None else tree.tail_scaled(child, tree.fingerprint)
    return None if math.isnan(log_q) else math.exp(log_q)


def stages(found: StagesAt) -> wire.Stages:
    """Every stage, and the next states that lead in any of them."""
    return wire.Stages(
        stages=[
            wire.Stage(
                step=None if each.step is None else steps(Procedure((each.step,)))[0],
                kept=each.kept,
                removed=each.removed,
                removed_mass=each.removed_mass,
                moved_mass=each.moved_mass,
                entropy=each.entropy,
            )
            for each in found.stages
        ],
        rows=[
            wire.StageRow(
                key=key,
                text=text_of(found.label(key)),
                bytes=_base64(found.label(key)),
                probabilities=[float(each.probabilities[place]) for each in found.stages],
            )
            for place, key in _leading(found)
        ],
    )


def _leading(found: StagesAt) -> list[tuple[int, int]]:
    """(place, key) of what leads in any stage, the most probable under the rule first."""
    first = {
        place
        for each in found.stages
        for place in np.argsort(-each.probabilities, kind="stable")[:STAGE_ROWS].tolist()
        if each.probabilities[place] > 0
    }
    rule = found.stages[0].probabilities
    places = sorted(first, key=lambda place: (-rule[place], place))
    return [(place, int(found.keys[place])) for place in places]


def _visible_child(tree: Tree, node: NodeId, key: int) -> int | None:
    child = tree.find_child(node, key)
    return child if child is not None and tree.has(child) else None


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _bits(log_prob: float) -> float:
    return -log_prob / math.log(2) + 0.0


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
