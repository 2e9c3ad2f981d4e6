"""A small inference engine over HTTP that speaks as real ones do, and fails when a test says so.

Its shapes are those of vLLM (token ids as names, the drawn token first), of SGLang (texts as
names, the halves of characters falling together), of llama.cpp's server (a list with ids) and of
llama-cpp-python (texts only, no token-id prompts). Its law is a toy's, known in closed form.
"""

import asyncio
import json
import socket
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import uvicorn
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from semioscope.core.types import FloatArray
from semioscope.rules.causal_lm.token_bytes import token_bytes

Speaks = Literal["vllm", "sglang", "llama.cpp", "llama-cpp-python"]
END: Final = "<|end|>"
_WORDS: Final = ("th", "the", "Ġt", "Ġthe", "an", "Ġan", "Ġa", "er", "in", "Ġ,")


def toy_tokenizer() -> str:
    """tokenizer.json: every byte, a few words made of them, and an end token."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("t", "h"), ("th", "e"), ("Ġ", "t"), ("Ġ", "the"), ("a", "n"), ("Ġ", "an")]
    merges += [("Ġ", "a"), ("e", "r"), ("i", "n"), ("Ġ", ",")]
    vocabulary = {token: key for key, token in enumerate([*letters, *_WORDS])}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(END, special=True)])
    return str(tokenizer.to_str())


def write_tokenizer(folder: Path) -> Path:
    """The folder, as an engine's `tokenizer` names it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokenizer.json").write_text(toy_tokenizer(), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": END}))
    return folder


class ToyLaw:
    """log p, nats, over the toy tokenizer's tokens, by the last three of a state."""

    def __init__(self) -> None:
        self.tokenizer = Tokenizer.from_str(toy_tokenizer())
        self.size = int(self.tokenizer.get_vocab_size())
        self.bytes = token_bytes(toy_tokenizer(), self.size)

    def logits(self, state: Sequence[int]) -> FloatArray:
        last, before, earlier = ([0, 0, 0, *state])[-3:][::-1]
        places = np.arange(self.size)
        logits = 4.0 * np.sin(1.7 * places + 0.9 * last + 0.31 * before + 0.11 * earlier)
        # Letters, words and " ," are likelier than other bytes, which are no characters alone.
        plain = np.array([piece.isascii() and piece.isalpha() for piece in self.bytes])
        spaced = np.array([piece.startswith(b" ") for piece in self.bytes])
        return np.asarray(logits + 3.0 * plain + 4.0 * spaced)

    def log_probs(self, state: Sequence[int], temperature: float = 1.0) -> FloatArray:
        logits = self.logits(state) / temperature
        return np.asarray(logits - np.log(np.exp(logits).sum()))

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer.encode(text, add_special_tokens=False).ids)


@dataclass
class Fault:
    """What becomes of the next request instead of an answer."""

    kind: Literal["status", "hang", "drop", "garbage", "ended"]
    status: int = 500
    said: str = "no"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class StubEngine:
    """speaks: as which server. most: leading log-probabilities that it gives. after_temperature:
    it tells them after temperature. faults: what happens to the next completions. seconds: that
    one takes. key: that it wants. limit_refuses: more than `most` is refused, not cut short."""

    speaks: Speaks = "vllm"
    most: int = 20
    after_temperature: bool = False
    key: str | None = None
    seconds: float = 0.0
    limit_refuses: bool = True
    scale: float = 1.0
    law: ToyLaw = field(default_factory=ToyLaw)
    faults: deque[Fault] = field(default_factory=deque)
    asked: list[Any] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0

    # -- ASGI

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = await _body(receive)
        asked = json.loads(body) if body else None
        path = scope["path"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if self.key is not None and headers.get("authorization") != f"Bearer {self.key}":
            await _answer(send, 401, {"error": {"message": f"Wrong key, not {self.key}"}})
        elif path == "/v1/models":
            await _answer(send, 200, {"object": "list", "data": [{"id": "toy", "owned_by": "us"}]})
        elif path == "/v1/completions":
            await self._complete(asked, receive, send)
        elif path == "/extras/tokenize" and self.speaks == "llama-cpp-python":
            await _answer(send, 200, {"tokens": self.law.ids(asked["input"])})
        else:
            await _answer(send, 404, {"detail": "Not Found"})

    async def _complete(self, asked: Any, receive: Any, send: Any) -> None:
        self.asked.append(asked)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.faults:
                await self._fail(self.faults.popleft(), receive, send)
                return
            if self.seconds and await _leaves(receive, self.seconds):
                self.seen["left"] += 1
                return
            status, answer = self._completion(asked)
            await _answer(send, status, answer)
        finally:
            self.in_flight -= 1

    async def _fail(self, fault: Fault, receive: Any, send: Any) -> None:
        self.seen[fault.kind] += 1
        if fault.kind == "status":
            await _answer(send, fault.status, {"error": {"message": fault.said}}, fault.headers)
        elif fault.kind == "garbage":
            await _send(send, 200, b"<html>hello</html>", {})
        elif fault.kind == "ended":  # it has drawn the end of the text, and tells of no place
            none = {"tokens": [], "token_logprobs": [], "top_logprobs": []}
            choice = {"text": "", "index": 0, "logprobs": none, "finish_reason": "stop"}
            await _answer(send, 200, {"choices": [choice]})
        elif fault.kind == "hang":
            if await _leaves(receive, 30):
                self.seen["left"] += 1
        else:  # a connection that ends in the middle of an answer
            headers = [(b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"{", "more_body": True})

    # -- what it says

    def _completion(self, asked: Any) -> tuple[int, Any]:
        prompt, count = asked["prompt"], asked["logprobs"]
        if count > self.most and self.limit_refuses:
            return 400, {"error": {"message": "too many logprobs"}}
        if isinstance(prompt, str):
            state = self.law.ids(prompt)
        elif self.speaks == "llama-cpp-python":
            return 500, {"error": {"message": "validation error: prompt"}}
        else:
            state = prompt
        if asked.get("echo"):
            return self._echoed(state)
        temperature = asked["temperature"] if self.after_temperature else 1.0
        log_probs = self.scale * self.law.log_probs(state, temperature)
        ranked = np.lexsort((np.arange(self.law.size), -log_probs))
        told = [(int(key), float(log_probs[key])) for key in ranked[: min(count, self.most)]]
        # What is drawn is often no leading token: it comes on top where the server adds it.
        drawn = int(ranked[-1])
        logprobs = self._shaped(told, (drawn, float(log_probs[drawn])), asked)
        return 200, {
            "id": "cmpl-1",
            "object": "text_completion",
            "model": asked["model"],
            "choices": [{"index": 0, "text": "?", "logprobs": logprobs, "finish_reason": "length"}],
            "usage": {"prompt_tokens": len(state), "completion_tokens": 1},
        }

    def _echoed(self, state: list[int]) -> tuple[int, Any]:
        """The prompt's own log-probabilities; only vLLM and SGLang give them."""
        if self.speaks not in ("vllm", "sglang"):
            return 400, {"error": {"message": "Only no echo is supported"}}
        scores = [
            None,
            *(self._score(state[:place], state[place]) for place in range(1, len(state))),
        ]
        logprobs = {"tokens": ["?"] * len(state), "token_logprobs": [*scores, -1.0]}
        choice = {"index": 0, "text": "?", "logprobs": logprobs, "finish_reason": "length"}
        return 200, {"choices": [choice], "usage": {"prompt_tokens": len(state)}}

    def _score(self, state: list[int], key: int) -> float:
        return float(self.law.log_probs(state)[key])

    def _shaped(
        self, told: list[tuple[int, float]], drawn: tuple[int, float], asked: Any
    ) -> dict[str, Any]:
        if self.speaks == "llama.cpp":
            listed = [self._spelled(key, log_prob) for key, log_prob in told]
            return {"content": [self._spelled(*drawn) | {"top_logprobs": listed}]}
        by_id = self.speaks == "vllm" and asked.get("return_tokens_as_token_ids", False)
        errors = "ignore" if self.speaks == "llama-cpp-python" else "replace"

        def name(key: int) -> str:
            return f"token_id:{key}" if by_id else self.law.bytes[key].decode("utf-8", errors)

        named = [(name(key), log_prob) for key, log_prob in told]
        mine = [(name(drawn[0]), drawn[1])]
        if self.speaks == "vllm":
            named = [*mine, *named]
        elif self.speaks == "llama-cpp-python":
            named = [*named, *mine]
        return {
            "text_offset": [0],
            "tokens": [mine[0][0]],
            "token_logprobs": [drawn[1]],
            "top_logprobs": [dict(named)],
        }

    def _spelled(self, key: int, log_prob: float) -> dict[str, Any]:
        piece = self.law.bytes[key]
        text = piece.decode("utf-8", "replace")
        return {"id": key, "token": text, "bytes": list(piece), "logprob": log_prob}


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _leaves(receive: Any, seconds: float) -> bool:
    """Waits; whether the asker has gone meanwhile."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _answer(
    send: Any, status: int, answer: Any, headers: dict[str, str] | None = None
) -> None:
    await _send(send, status, json.dumps(answer).encode(), headers or {})


async def _send(send: Any, status: int, body: bytes, headers: dict[str, str]) -> None:
    listed = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    listed += [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serves an ASGI app on the loopback, on a thread of its own; gives its base URL."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, timeout_graceful_shutdown=1, ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
