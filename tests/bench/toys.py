"""Toy rules growing through growth, event and tree, without a server."""

import statistics
import time
from collections import defaultdict

from semioscope.core.events import Event
from semioscope.core.growth import Growth
from semioscope.core.sampling import IDENTITY
from semioscope.core.strategies import BestFirst, Breadth
from semioscope.core.strategies.plan import Plan
from semioscope.core.tree import Tree
from semioscope.core.types import ROOT, Seq
from semioscope.rules.answers import answer
from semioscope.rules.coin import Coin, CoinLaw
from semioscope.rules.protocol import AppendingRule

PLANS: dict[str, Plan] = {
    "breadth": Breadth(k=2, depth=16),
    "best first": BestFirst(4096),
}
ENOUGH = 1 << 20


def toy_growths(rounds: int) -> dict[str, float]:
    """States evaluated in a second of this thread's time, by strategy; medians."""
    rule = Coin("coin", "Sticky coin", "", CoinLaw(repeats=0.9))
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, plan in PLANS.items():
            began = time.thread_time()
            tree = grown(rule, plan)
            rates[name].append(tree.expansion_count / (time.thread_time() - began))
    return {name: statistics.median(each) for name, each in rates.items()}


def grown(rule: AppendingRule, plan: Plan) -> Tree:
    """The tree that a plan grows from nothing, event by event."""
    tree = Tree(rule.description, (), rule.description.window)
    growth = Growth(tree, rule.alphabet)
    strategy = plan.run(growth, ROOT, ENOUGH)
    asks = next(strategy, None)
    while asks is not None:
        answers = answer(rule, [ask.question for ask in asks], IDENTITY)
        try:
            asks = strategy.send(answers)
        except StopIteration:
            asks = None
        grew = growth.take()
        if grew is not None:
            tree.apply(Event(Seq(tree.seq + 1), "grow", 0.0, "", "bench", *grew))
    return tree
