"""Has the rule asked for tokens that somebody chose, so that they become states of the tree."""

from semioscope.core.strategies.typed import Typed
from semioscope.core.types import NodeId
from semioscope.service.access import Caller
from semioscope.service.growth_jobs import GrowthJobs
from semioscope.service.open_tree import OpenTree
from semioscope.service.running_growth import Task


async def type_keys(
    growths: GrowthJobs,
    opened: OpenTree,
    caller: Caller,
    at: NodeId,
    keys: tuple[int, ...],
    change: str,
) -> None:
    """Returns when they are stored, as part of that change. Raises what the growth raises."""
    task = Task(
        name="typed",
        label=f"A branch of {len(keys)} token{'s' * (len(keys) != 1)}",
        plan=Typed(keys),
        node=at,
        procedure=opened.tree.procedure,
        caller=caller,
        change=change,
    )
    await growths.finish(growths.start(task, opened))
