"""Whether a procedure leaves anything at the initial state: asked before anything changes."""

from semioscope.core.distribution import Question
from semioscope.core.errors import InvalidRequest, SemioscopeError
from semioscope.core.sampling import EMPTIES, Procedure
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT
from semioscope.rules.catalogue import LoadedRule
from semioscope.service.rule_door import RuleDoor


async def must_begin(tree: Tree, procedure: Procedure, loaded: LoadedRule, group: str) -> None:
    """Raises InvalidRequest "procedure-empties" if the procedure leaves nothing at the root.
    (Where the rule fails, nothing is said: what grows will show it.)"""
    if not procedure.may_empty or tree.is_terminal(ROOT):
        return
    if tree.weights_at(ROOT, procedure.fingerprint) is not None:
        return
    question = Question(tree.state_of(ROOT), given=len(tree.prompt))
    try:
        await loaded.worker.ask([question], procedure, group=group)
    except SemioscopeError as refusal:
        if isinstance(refusal, InvalidRequest) and refusal.code == EMPTIES:
            raise


async def must_begin_if_loaded(
    tree: Tree, procedure: Procedure, door: RuleDoor, group: str
) -> None:
    """As `must_begin`, where the tree's rule is loaded; it is not waited for."""
    standing = door.standing(tree.rule)
    if procedure.may_empty and standing.is_available and standing.state == "ready":
        async with door.for_tree(tree.rule) as loaded:
            await must_begin(tree, procedure, loaded, group)
