"""Best-first growth, as the questions it asks and through the whole house."""

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from semioscope.core.events import Event
from semioscope.core.growth import Growth
from semioscope.core.sampling import IDENTITY
from semioscope.core.strategies.best_first import BestFirst
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, Seq
from semioscope.rules.answers import answer
from semioscope.rules.catalogue import Catalogue, LoadedRule, Offer
from semioscope.rules.causal_lm.rule import CausalLM
from semioscope.service.access import Caller
from semioscope.service.beginnings import NewTree
from semioscope.service.broadcast import Progressed
from semioscope.service.observatory import GrowthOrder, Observatory
from semioscope.service.rule_door import RuleDoor
from semioscope.settings import Settings
from semioscope.store.database import Database
from semioscope.store.identities import Identities
from semioscope.store.links import Links
from semioscope.store.trees import Trees
from tests.bench.frontiers import State, prompt_of, text_of_state


def best_first_asks(rule: CausalLM, prompt: State, n: int) -> list[list[State]]:
    """The states that a best-first growth of n evaluations asks about, step by step."""
    tree = Tree(rule.description, prompt, rule.description.window)
    growth = Growth(tree, rule.alphabet)
    strategy = BestFirst(n).run(growth, ROOT)
    steps: list[list[State]] = []
    asks = next(strategy, None)
    while asks is not None:
        questions = [ask.question for ask in asks]
        steps.append([tuple(question.state) for question in questions])
        try:
            asks = strategy.send(answer(rule, questions, IDENTITY))
        except StopIteration:
            asks = None
        grown = growth.take()
        if grown is not None:
            tree.apply(Event(Seq(tree.seq + 1), "grow", 0.0, "", "bench", *grown))
    return steps


class OneRule(Catalogue):
    """A server that offers one rule, which is loaded."""

    def __init__(self, loaded: LoadedRule, settings: Settings) -> None:
        super().__init__(settings)
        self._one = loaded

    def offers(self) -> list[Offer]:
        known = self._one.rule.description
        return [
            Offer(
                known.id, known.name, known.family, known.summary, state="ready", description=known
            )
        ]

    @asynccontextmanager
    async def use(self, rule_id: str) -> AsyncIterator[LoadedRule]:
        yield self._one


class Observed:
    """Service and store around one rule, in a folder."""

    def __init__(self, loaded: LoadedRule, folder: Path) -> None:
        self._loaded = loaded
        self._settings = Settings(data_folder=folder)

    async def __aenter__(self) -> Self:
        self._database = await Database.open(self._settings.database_path)
        identities = Identities(self._database)
        catalogue = OneRule(self._loaded, self._settings)
        self.house = Observatory(
            Trees(self._database),
            Links(self._database),
            identities,
            RuleDoor(catalogue),
            self._settings,
        )
        self.caller = Caller((await identities.resolve(None)).id)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.house.close()
        await self._database.close()

    async def grow_best_first(self, n: int, prompt_tokens: int) -> None:
        """A tree of n evaluations, every step stored."""
        rule = self._loaded.rule
        prompt = text_of_state(rule, prompt_of(rule, prompt_tokens))
        new = NewTree(rule.description.id, prompt, False, None, IDENTITY, None, None)
        begun = await self.house.create_tree(self.caller, new)
        order = GrowthOrder(0, None, {"kind": "best_first", "states": n}, False, False)
        async with aclosing(self.house.watch(self.caller, begun.ref, 0)) as watching:
            await anext(watching)  # it is watched from now on, as by a page
            job = await self.house.grow(self.caller, begun.ref, order)
            async for message in watching:
                if isinstance(message, Progressed) and message.job.id == job.id:
                    if message.job.state == "running":
                        continue
                    if message.job.expanded != n:
                        raise RuntimeError(f"{message.job.expanded} of {n}: {message.job.message}")
                    return
