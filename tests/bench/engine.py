"""The engine against what it is made of and what it replaces, on the default model.

`python -m tests.bench.engine` prints a table and, last, one RESULT line. Everything runs in one
process on real weights; what is compared is measured in turn, round by round, and the medians of
the rounds are set against each other. `--server URL` adds an OpenAI-compatible server of the same
model, grown as tools do that send one request for a branch.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import torch
from rich.console import Console
from rich.table import Table
from transformers import AutoModelForCausalLM, DynamicCache

from semioscope.core.distribution import Question
from semioscope.core.sampling import IDENTITY
from semioscope.rules.catalogue import LoadedRule
from semioscope.rules.causal_lm.files import find_files
from semioscope.rules.causal_lm.load import load_causal_lm
from semioscope.rules.causal_lm.rule import CausalLM
from semioscope.rules.causal_lm.sources import DEFAULT_SOURCE
from semioscope.rules.pace import Pace
from semioscope.rules.progress import silent
from semioscope.rules.worker import BACKGROUND, INTERACTIVE, RuleWorker
from semioscope.settings import Settings
from tests.bench.frontiers import (
    BATCH,
    BareForward,
    BareProducts,
    State,
    frontiers,
    prompt_of,
    text_of_state,
)
from tests.bench.growing import Observed, best_first_asks

SHORT, LONG = 21, 1000
BATCHES = 3
JOB = 2000
CLICKS = 24
AIMS = {
    "ratio_forward": "≥ 0.92",
    "ratio_gemm": "≥ 0.72",
    "x_sequential": "≥ 15",
    "x_generate": "≥ 30",
    "long_prefix": "≤ 1.40",
    "click_ms": "≤ 300",
    "background": "≥ 0.85",
    "grown_tree": "≥ 0.85",
    "x_server": "≥ 25",
}


class WholeBatches(Pace):
    """A pass takes all that is asked: batches are compared as they are."""

    def tokens(self, *, has_company: bool) -> int:
        return BATCH


class Bench:
    """The default model in all the ways that are compared."""

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        settings = Settings()
        self.rule = load_causal_lm(DEFAULT_SOURCE, settings)
        folder = find_files(DEFAULT_SOURCE, settings, silent).folder
        self.model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.found: dict[str, float] = {}

    def note(self, name: str, work: Callable[[], object]) -> None:
        """Times one piece of work."""
        began = time.perf_counter()
        work()
        self.seconds[name].append(time.perf_counter() - began)

    async def note_async(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        began = time.perf_counter()
        await work()
        self.seconds[name].append(time.perf_counter() - began)

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    # -- one frontier batch after the other

    async def batches(self) -> None:
        """The worker, transformers' bare forward pass, bare products, one state at a time."""
        short = frontiers(self.rule, prompt_of(self.rule, SHORT), BATCHES)
        long = frontiers(self.rule, prompt_of(self.rule, LONG), BATCHES)
        bare = [BareForward(self.model, batch) for batch in short[2:]]
        products = BareProducts(self.model)
        worker = RuleWorker(self.rule, WholeBatches())
        for _ in range(self.rounds):
            for name, sequence in (("short", short), ("long", long)):
                forget(self.rule)
                for place, batch in enumerate(sequence):
                    if place < 2:
                        await ask(worker, batch)
                        continue
                    await self.note_async(name, lambda batch=batch: ask(worker, batch))
                    if name == "short":
                        self.note("forward", bare[place - 2].run)
                        self.note("products", products.run_plain)
                        self.note("laid out", products.run_laid_out)
            self.note("sequential", lambda: one_at_a_time(self.model, short[1][:24]))
            self.note("generate", lambda: by_generate(self.model, short[2][:8]))
        worker.close()
        each = self.median("short")
        self.found |= {
            "expansions_s": BATCH / each,
            "ratio_forward": self.median("forward") / each,
            "ratio_gemm": min(self.median("products"), self.median("laid out")) / each,
            "x_sequential": self.median("sequential") / 24 * BATCH / each,
            "x_generate": self.median("generate") / 8 * BATCH / each,
            "long_prefix": self.median("long") / each,
        }

    # -- a click while another user's growth runs

    async def clicks(self) -> None:
        """One user's growth of 2,000 states alone; then with another's clicks in between."""
        job = best_first_asks(self.rule, prompt_of(self.rule, SHORT), JOB)
        clicked = frontiers(self.rule, self.rule.encode("Dear diary, this morning the cat"), 0)[1]
        waits: list[float] = []
        for _ in range(max(2, self.rounds // 2)):
            for disturbed in (False, True):
                forget(self.rule)
                worker = RuleWorker(self.rule)
                await ask(worker, [clicked[0][:-1]], "clicker")
                running = asyncio.create_task(
                    self.note_async(
                        "disturbed" if disturbed else "alone",
                        lambda worker=worker: run_job(worker, job),
                    )
                )
                place = 0
                while disturbed and not running.done():
                    await asyncio.sleep(0.5)
                    if running.done():
                        break
                    began = time.perf_counter()
                    state = clicked[place % len(clicked)]
                    await ask(worker, [state], "clicker", INTERACTIVE)
                    waits.append(time.perf_counter() - began)
                    place += 1
                await running
                worker.close()
        self.found |= {
            "click_ms": 1000 * statistics.quantiles(waits, n=20, method="inclusive")[-1],
            "background": self.median("alone") / self.median("disturbed"),
        }

    # -- through service and store

    async def grown_tree(self) -> None:
        """2,000 states best first through everything, against the bare worker at the same sizes."""
        job = best_first_asks(self.rule, prompt_of(self.rule, SHORT), JOB)
        for _ in range(max(2, self.rounds // 2)):
            forget(self.rule)
            worker = RuleWorker(self.rule)
            await self.note_async("bare job", lambda worker=worker: run_job(worker, job))
            worker.close()
            forget(self.rule)
            with tempfile.TemporaryDirectory() as folder:
                loaded = LoadedRule(self.rule, RuleWorker(self.rule))
                async with Observed(loaded, Path(folder)) as observed:
                    await self.note_async(
                        "grown", lambda observed=observed: observed.grow_best_first(JOB, SHORT)
                    )
                loaded.worker.close()
        self.found["grown_tree"] = self.median("bare job") / self.median("grown")

    # -- a server that is asked once for each branch

    async def server(self, url: str) -> None:
        """A tree of width 3 and depth 5, by one request for each branch, and by this engine."""
        prompt = prompt_of(self.rule, SHORT)
        text = text_of_state(self.rule, prompt)
        worker = RuleWorker(self.rule)
        await ask(worker, frontiers(self.rule, self.rule.encode("Dear diary,"), 0)[1])  # warm
        async with httpx.AsyncClient(base_url=url, timeout=60) as client:
            for _ in range(3):
                began = time.perf_counter()
                requests = await branch_by_branch(client, text, width=3, depth=5)
                self.seconds["server"].append(time.perf_counter() - began)
                forget(self.rule)
                await self.note_async("tree", lambda: width_by_depth(worker, prompt, 3, 5))
        worker.close()
        self.found |= {
            "server_requests_s": requests / self.median("server"),
            "x_server": self.median("server") / self.median("tree"),
        }


def forget(rule: CausalLM) -> None:
    """As if the model had just been loaded."""
    rule.engine.forget()


async def ask(
    worker: RuleWorker, states: list[State], group: str = "bench", priority: int = BACKGROUND
) -> list[Any]:
    questions = [Question(state) for state in states]
    return await worker.ask(questions, IDENTITY, priority=priority, group=group)


async def run_job(worker: RuleWorker, job: list[list[State]]) -> None:
    """The questions of a growth, step by step."""
    for states in job:
        await ask(worker, states, "grower")


async def width_by_depth(worker: RuleWorker, prompt: State, width: int, depth: int) -> None:
    """Every state of a tree of that width and depth, a level at a time."""
    level = [prompt]
    for _ in range(depth):
        answers = await ask(worker, level)
        level = [
            (*state, key)
            for state, given in zip(level, answers, strict=True)
            for key in given.expansion.keys[:width].tolist()
        ]


def one_at_a_time(model: Any, states: list[State]) -> None:
    """Each state by one forward pass of its last token, what comes before being in a cache."""
    with torch.inference_mode():
        cache = DynamicCache(config=model.config)
        model(input_ids=torch.tensor([states[0][:-1]]), past_key_values=cache, use_cache=True)
        for state in states:
            logits = model(
                input_ids=torch.tensor([state[-1:]]), past_key_values=cache, use_cache=True
            ).logits
            torch.log_softmax(logits[0, -1], -1).topk(64)
            cache.crop(-1)


def by_generate(model: Any, states: list[State]) -> None:
    """Each state by a call of its own to transformers' generate."""
    with torch.inference_mode():
        for state in states:
            told = model.generate(
                torch.tensor([state]),
                attention_mask=torch.ones(1, len(state), dtype=torch.int64),
                max_new_tokens=1,
                do_sample=False,
                output_logits=True,
                return_dict_in_generate=True,
                pad_token_id=0,
            )
            torch.log_softmax(told.logits[0][0], -1).topk(64)


async def branch_by_branch(client: httpx.AsyncClient, text: str, width: int, depth: int) -> int:
    """As tools do that grow a tree by completions: the first leaf is completed greedily with
    leading log-probabilities, the siblings along it are added, and so on, one request at a time
    (PEERS: a tree of width 3 and depth 5 takes 81). Returns the number of requests."""
    leaves = [(text, 0)]
    requests = 0
    while leaves:
        begun, reached = leaves.pop(0)
        if reached >= depth:
            continue
        answer = await client.post(
            "/v1/completions",
            json={
                "prompt": begun,
                "max_tokens": depth - reached,
                "temperature": 0,
                "logprobs": width,
            },
        )
        answer.raise_for_status()
        requests += 1
        logprobs = answer.json()["choices"][0]["logprobs"]
        here = begun
        for step, (token, leading) in enumerate(
            zip(logprobs["tokens"], logprobs["top_logprobs"], strict=True)
        ):
            others = [other for other in leading if other != token][: width - 1]
            leaves += [(here + other, reached + step + 1) for other in others]
            here += token
    return requests


async def measure(rounds: int, server: str | None) -> dict[str, float]:
    """All figures by name."""
    bench = Bench(rounds)
    await bench.batches()
    await bench.clicks()
    await bench.grown_tree()
    if server:
        await bench.server(server)
    return bench.found


def main() -> None:
    """Measures, prints the table and the line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--server", help="base URL of an OpenAI-compatible server")
    asked = parser.parse_args()
    found = asyncio.run(measure(asked.rounds, asked.server))
    table = Table(title=f"Engine: default model, float32, {os.cpu_count()} cores, batch {BATCH}")
    for heading in ("measure", "found", "aim"):
        table.add_column(heading, justify="left" if heading == "measure" else "right")
    for name, value in found.items():
        table.add_row(name, f"{value:.3g}", AIMS.get(name, ""))
    console = Console()
    console.print(table)
    figures = " ".join(f"{name}={value:.3g}" for name, value in found.items())
    console.print(f"RESULT engine {figures}", soft_wrap=True, highlight=False)


if __name__ == "__main__":
    main()
