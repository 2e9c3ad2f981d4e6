"""What an engine does, found out when it is first used: nothing is taken on trust.

Servers that speak the same API differ: in whether they take token ids, in how many leading
log-probabilities they tell, how they name tokens, and whether temperature has been applied to what
they tell. Each is settled by a few short questions whose answers must agree with one another.
"""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from semioscope.core.errors import Unavailable
from semioscope.rules.causal_lm.text import ModelText
from semioscope.rules.remote.client import QUICK, EngineClient
from semioscope.rules.remote.completion import (
    Completion,
    NothingDrawn,
    ToldToken,
    read_completion,
    read_score,
)
from semioscope.rules.remote.kind import EngineKind, Tokenizing
from semioscope.rules.remote.naming import Manner, Names, leading_part

PROBES: Final = (
    "Once upon a time there was",
    "The capital of France is",
    "one , two , three , four",
)
"""The last makes a token with a space before punctuation likely."""
LADDER: Final = (1000, 100, 20, 10, 5, 1)
"""How many leading log-probabilities are asked for, until a server gives them."""
SAME: Final = 0.05
"""Nats by which two answers about one state may differ: batches differ in their last bits."""
MASS_TOLERANCE: Final = 1e-3
_COMPARED: Final = 5
_DRAWS: Final = 8
"""How often a prompt is asked about of which the engine draws the end."""
_OTHER_TOKENIZER: Final = "has another tokenizer than the one configured for it"

_log = logging.getLogger(__name__)


class Probe:
    """Asks one engine what it does. `run` raises Unavailable "engine-unfit" with a sentence about
    an engine whose numbers cannot be relied on."""

    def __init__(
        self, name: str, client: EngineClient, model: str, text: ModelText, most: int
    ) -> None:
        self._name = name
        self._client = client
        self._model = model
        self._text = text
        self._most = most
        self._options: dict[str, Any] = {}

    async def run(self) -> EngineKind:
        states = [self._text.encode(prompt) for prompt in PROBES]
        leading = await self._how_many()
        texts = [await self._ask(prompt, leading) for prompt in PROBES]
        takes_ids = await self._takes_ids(states[0], texts[0], leading)
        prefix = 0 if takes_ids else self._prefix(states, texts)
        prompts: Sequence[Any] = [list(state) for state in states] if takes_ids else PROBES
        answers = [await self._ask(prompt, leading) for prompt in prompts] if takes_ids else texts
        self._must_be_probabilities(answers, leading)
        written = await self._written(prompts, leading)
        manner = Manner.seen_in(token.text for answer in written for token in answer.told)
        names = Names(self._text.alphabet, manner)
        self._must_be_next_tokens(names, answers)
        self._must_fit(names, answers, written)
        return EngineKind(
            model=self._model,
            takes_ids=takes_ids,
            leading=leading,
            names_ids=all(token.id is not None for answer in answers for token in answer.told),
            manner=manner,
            is_before_temperature=await self._is_before_temperature(
                prompts[0], answers[0], leading
            ),
            prefix=prefix,
            tokenizing=None if takes_ids else await self._tokenizing(states[0]),
            scores=takes_ids and await self._scores(states[0], answers[0], names),
            options=dict(self._options),
        )

    # -- questions

    async def _ask(self, prompt: Any, leading: int, temperature: float = 1.0) -> Completion:
        body = completion_request(self._model, prompt, leading, self._options)
        for _ in range(_DRAWS):
            try:
                return read_completion(
                    await self._client.post(
                        "/completions", body | {"temperature": temperature}, QUICK
                    )
                )
            except NothingDrawn:
                continue
            except ValueError:
                break
        raise self._client.nonsense()

    async def _how_many(self) -> int:
        """The most leading log-probabilities that it tells."""
        refusal: Unavailable | None = None
        for asked in dict.fromkeys(min(each, self._most) for each in LADDER):
            for options in ({"return_tokens_as_token_ids": True}, {}):
                self._options = options
                try:
                    answer = await self._ask(PROBES[0], asked)
                except Unavailable as error:
                    if error.code not in _NO:
                        raise
                    refusal = error
                    continue
                told = leading_part(answer, asked)
                if told:
                    self._must_not_cut(told, asked)
                    # Some names by text fall together: then it gives more than it seems to.
                    by_text = any(token.id is None for token in told)
                    seems_all = by_text and 2 * len(told) >= asked
                    return asked if seems_all else min(asked, len(told))
        raise refusal or self._unfit("tells no log-probabilities")

    async def _takes_ids(self, state: Sequence[int], by_text: Completion, leading: int) -> bool:
        """Whether a prompt of token ids is understood as just these tokens."""
        try:
            by_ids = await self._ask(list(state), leading)
        except Unavailable as error:
            if error.code not in _NO:
                raise
            return False
        if by_ids.prompt_tokens not in (None, len(state)):
            return False
        if _agree(by_ids, by_text):
            return True
        if by_ids.prompt_tokens is not None and by_text.prompt_tokens == by_ids.prompt_tokens:
            raise self._unfit(_OTHER_TOKENIZER)
        # It is right where the text was given a token more: one that begins every text.
        return by_ids.prompt_tokens is not None

    def _prefix(self, states: Sequence[Sequence[int]], texts: Sequence[Completion]) -> int:
        """How many tokens of its own the server puts before every text."""
        more = {
            answer.prompt_tokens - len(state)
            for state, answer in zip(states, texts, strict=True)
            if answer.prompt_tokens is not None
        }
        if len(more) > 1 or any(each not in (0, 1) for each in more):
            raise self._unfit("cuts texts into other tokens than its configured tokenizer")
        return more.pop() if more else 0

    async def _is_before_temperature(self, prompt: Any, at_one: Completion, leading: int) -> bool:
        """Whether log-probabilities are told before temperature is applied, or after."""
        again = await self._ask(prompt, leading)
        if not _agree(at_one, again):
            raise self._unfit("gives two different answers about one state")
        cold = await self._ask(prompt, leading, 0.5)
        hot = await self._ask(prompt, leading, 2.0)
        if _agree(at_one, cold) and _agree(at_one, hot):
            return True
        if _agree(at_one, cold, 0.5) and _agree(at_one, hot, 2.0):
            return False
        raise self._unfit("changes its log-probabilities with temperature in no known way")

    async def _scores(self, state: Sequence[int], answer: Completion, names: Names) -> bool:
        """Whether it scores a given token rightly: as it does where the token is a leading one."""
        for told in sorted(answer.told, key=lambda token: -token.log_prob)[:2]:
            key = names.key_of(told)
            if key is None:
                return False
            body = score_request(self._model, state, key)
            try:
                scored = read_score(
                    await self._client.post("/completions", body, QUICK), len(state)
                )
            except ValueError:
                return False
            except Unavailable as error:
                if error.code not in _NO:
                    raise
                return False
            if abs(scored - told.log_prob) > SAME:
                return False
        return True

    async def _written(self, prompts: Sequence[Any], leading: int) -> list[Completion]:
        """Its answers without the option that names tokens by id: with their texts."""
        options, self._options = self._options, {}
        try:
            return [await self._ask(prompt, leading) for prompt in prompts]
        finally:
            self._options = options

    async def _tokenizing(self, state: Sequence[int]) -> Tokenizing | None:
        """The server's own tokenizer, if it offers it in one of the known ways."""
        for offered in Tokenizing.known(self._model):
            try:
                said = await self._client.post_beside(offered.path, offered.body(PROBES[0]))
                found = offered.ids(said)
            except (Unavailable, ValueError):
                continue
            if list(found[-len(state) :]) != list(state) or len(found) - len(state) > 1:
                raise self._unfit(_OTHER_TOKENIZER)
            return offered
        return None

    # -- what must hold

    def _must_be_next_tokens(self, names: Names, answers: Sequence[Completion]) -> None:
        """The token that was drawn must have the number that the list gives it, where it is in
        the list and its name is its own."""
        for answer in answers:
            named = {names.key_of(token): token.log_prob for token in answer.told}
            drawn, key = answer.drawn, names.key_of(answer.drawn)
            log_prob = drawn.log_prob if key is None else named.get(key, drawn.log_prob)
            if answer.positions != 1 or abs(log_prob - drawn.log_prob) > SAME:
                raise self._unfit("tells log-probabilities of another place than the next token")
        if _agree(answers[0], answers[1]):
            raise self._unfit("answers alike whatever the prompt")

    def _must_be_probabilities(self, answers: Sequence[Completion], leading: int) -> None:
        for answer in answers:
            told = leading_part(answer, leading)
            log_probs = np.array([token.log_prob for token in told])
            mass = float(np.exp(log_probs).sum())
            if log_probs.max(initial=0.0) > MASS_TOLERANCE or not mass <= 1 + MASS_TOLERANCE:
                raise self._unfit(
                    f"tells log-probabilities that are not normalised (Σp = {mass:g})"
                )

    def _must_not_cut(self, told: Sequence[ToldToken], asked: int) -> None:
        """(Of names by text fewer may come than were asked for: some fall together.)"""
        mass = sum(math.exp(token.log_prob) for token in told)
        is_by_id = all(token.id is not None for token in told)
        if is_by_id and len(told) < asked and mass > 1 - MASS_TOLERANCE:
            raise self._unfit("cuts its distribution (top-k, top-p) before it tells it")

    def _must_fit(
        self, names: Names, answers: Sequence[Completion], written: Sequence[Completion]
    ) -> None:
        """Names of tokens, ids and texts alike, must be those of the configured tokenizer."""
        for by_id, by_text in zip(answers, written, strict=True):
            for told in _ranked(by_id):
                key = names.key_of(told)
                # By text two tokens may fall together: one that has no text of its own is not
                # to be found again.
                if key is None or not names.is_sure_of(key):
                    continue
                near = [each for each in by_text.told if abs(each.log_prob - told.log_prob) < SAME]
                meant = {names.written(each.text) for each in near}
                if meant and not meant & {key, None}:
                    raise self._unfit(_OTHER_TOKENIZER)
        if all(names.key_of(_ranked(answer)[0]) is None for answer in answers):
            raise self._unfit("names tokens that its configured tokenizer has not")

    def _unfit(self, what: str) -> Unavailable:
        _log.warning("engine %s %s", self._name, what)
        return Unavailable(
            "engine-unfit",
            f"The engine “{self._name}” {what}; its answers cannot be used.",
            "Whoever runs this server sets the engine up anew, or its tokenizer.",
        )


_NO: Final = ("engine-refused", "engine-failed", "engine-nonsense", "engine-too-long")
"""How servers say that they do not do something."""


def completion_request(
    model: str, prompt: Any, leading: int, options: Mapping[str, Any]
) -> dict[str, Any]:
    """One next token, at temperature 1, where log-probabilities before and after it agree."""
    return {
        "model": model,
        "prompt": prompt,
        "max_tokens": 1,
        "temperature": 1.0,
        "top_p": 1.0,
        "logprobs": leading,
        **options,
    }


def score_request(model: str, state: Sequence[int], key: int) -> dict[str, Any]:
    """The prompt and one token more, echoed with their log-probabilities."""
    return completion_request(model, [*state, key], 1, {"echo": True})


def _ranked(answer: Completion) -> list[ToldToken]:
    """The first of its leading tokens, as far as their order is beyond doubt."""
    ranked = sorted(answer.told, key=lambda token: -token.log_prob)[: _COMPARED + 1]
    apart = 1
    while apart < len(ranked) - 1 and (
        ranked[apart - 1].log_prob - ranked[apart].log_prob > 2 * SAME
        and ranked[apart].log_prob - ranked[apart + 1].log_prob > 2 * SAME
    ):
        apart += 1
    return ranked[:apart]


def _agree(one: Completion, other: Completion, temperature: float = 1.0) -> bool:
    """Whether the second says of the leading tokens of the first what the first does, its
    differences divided by the temperature."""
    said = {(token.id, token.text): token.log_prob for token in other.told}
    leading = sorted(one.told, key=lambda token: -token.log_prob)[:_COMPARED]
    pairs = [
        (token.log_prob, said[token.id, token.text])
        for token in leading
        if (token.id, token.text) in said
    ]
    if len(pairs) < min(len(leading), 2):
        return False
    first, second = np.array(pairs).T
    if temperature == 1.0:
        return bool(np.abs(first - second).max() <= SAME)
    scaled = (first - first[0]) / temperature - (second - second[0])
    return bool(np.abs(scaled).max() <= SAME / min(1.0, temperature))
