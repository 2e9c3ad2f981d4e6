"""What the completions API answers, in the shapes of the servers that speak it."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_TOKEN_ID: Final = re.compile(r"token_id:(\d+)")
_IMPOSSIBLE: Final = -9998.0
"""Servers that cannot write −∞ in JSON write −9999."""


@dataclass(frozen=True, slots=True)
class ToldToken:
    """A next token as a server names it: by id where it gives one, else by its text. log_prob in
    nats."""

    id: int | None
    text: str
    log_prob: float


@dataclass(frozen=True, slots=True)
class Completion:
    """The first position of a completion.

    told: its leading next tokens, in the order of the answer, impossible ones left out; the token
    that was drawn may be among them without being a leading one. prompt_tokens: as the server
    counts them, None where it does not say.
    """

    told: tuple[ToldToken, ...]
    drawn: ToldToken
    positions: int
    prompt_tokens: int | None


class NothingDrawn(ValueError):  # noqa: N818 -- no error: the engine says that a text ends
    """The end of the text was drawn, and some servers then tell of no place at all."""


def read_completion(answer: Any) -> Completion:
    """Raises NothingDrawn where it ends at once, and ValueError for anything else that is no
    completion with log-probabilities.

    Two shapes are read. OpenAI's own, of vLLM, SGLang and llama-cpp-python: logprobs has tokens,
    token_logprobs and top_logprobs, a mapping from token text (or "token_id:123") to nats for
    each position. And llama.cpp's server: logprobs.content lists positions, each with
    top_logprobs as a list of {id, token, logprob}.
    """
    try:
        (choice,) = answer["choices"]
        logprobs = choice["logprobs"]
        if choice.get("finish_reason") == "stop" and _is_empty(logprobs):
            raise NothingDrawn("no completion: it ends here")
        listed = "content" in logprobs
        told, drawn, positions = _listed(logprobs) if listed else _mapped(logprobs)
        usage = answer.get("usage") or {}
        counted = usage.get("prompt_tokens")
        return Completion(
            told=tuple(token for token in told if token.log_prob > _IMPOSSIBLE),
            drawn=drawn,
            positions=positions,
            prompt_tokens=counted if isinstance(counted, int) else None,
        )
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        raise ValueError(f"no completion: {type(error).__name__}") from None


def read_score(answer: Any, place: int) -> float:
    """The log-probability, nats, of the echoed prompt's token at `place`, given those before it;
    −∞ if it is impossible. Raises ValueError for an answer that does not say."""
    try:
        log_prob = _nats(answer["choices"][0]["logprobs"]["token_logprobs"][place])
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"no score: {type(error).__name__}") from None
    return log_prob if log_prob > _IMPOSSIBLE else -math.inf


def _is_empty(logprobs: Any) -> bool:
    if not isinstance(logprobs, Mapping):
        return logprobs is None
    return not logprobs.get("content") and not logprobs.get("top_logprobs")


def _mapped(logprobs: Mapping[str, Any]) -> tuple[list[ToldToken], ToldToken, int]:
    first = logprobs["top_logprobs"][0]
    told = [_named(str(name), log_prob) for name, log_prob in first.items()]
    drawn = _named(str(logprobs["tokens"][0]), logprobs["token_logprobs"][0])
    return told, drawn, len(logprobs["top_logprobs"])


def _listed(logprobs: Mapping[str, Any]) -> tuple[list[ToldToken], ToldToken, int]:
    positions: Sequence[Mapping[str, Any]] = logprobs["content"]
    told = [_spelled(each) for each in positions[0]["top_logprobs"]]
    return told, _spelled(positions[0]), len(positions)


def _spelled(told: Mapping[str, Any]) -> ToldToken:
    number = told.get("id")
    return ToldToken(
        number if isinstance(number, int) else None, str(told["token"]), _nats(told["logprob"])
    )


def _named(name: str, log_prob: Any) -> ToldToken:
    found = _TOKEN_ID.fullmatch(name)
    return ToldToken(int(found[1]) if found else None, name, _nats(log_prob))


def _nats(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        raise ValueError("a log-probability is no number")
    return float(value)
