"""Records what a real engine answers, and answers the same again: two ASGI apps."""

import json
from pathlib import Path
from typing import Any

import httpx

TAPE = Path(__file__).with_name("llama_cpp_python.json")
"""What a real llama-cpp-python server with the default model answered in `make test-remote`."""


class Recorder:
    """Passes every request on to a real server, and keeps the answer."""

    def __init__(self, server: str) -> None:
        self._server = server
        self.kept: list[dict[str, Any]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked = await _read(scope, receive)
        async with httpx.AsyncClient(base_url=self._server, timeout=60) as client:
            answer = await client.request(asked["method"], asked["path"], json=asked["body"])
        self.kept.append(asked | {"status": answer.status_code, "answer": _small(answer.json())})
        await _write(send, answer.status_code, answer.json())

    def save(self) -> None:
        lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in self.kept)
        TAPE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


class Replay:
    """Answers what was recorded; 410 for anything else. unknown: what that was."""

    def __init__(self) -> None:
        kept = json.loads(TAPE.read_text(encoding="utf-8"))
        self._answers = {_name(each): (each["status"], each["answer"]) for each in kept}
        self.unknown: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        name = _name(await _read(scope, receive))
        if name not in self._answers:
            self.unknown.append(name)
        await _write(send, *self._answers.get(name, (410, {"error": "never asked"})))


def _small(answer: Any) -> Any:
    """Without what names the machine: an error quotes the server's own files."""
    return {"error": {"code": None}} if "error" in answer else answer


def _name(asked: dict[str, Any]) -> str:
    return json.dumps([asked["method"], asked["path"], asked["body"]], sort_keys=True)


async def _read(scope: Any, receive: Any) -> dict[str, Any]:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    asked = json.loads(body) if body else None
    return {"method": scope["method"], "path": scope["path"], "body": asked}


async def _write(send: Any, status: int, answer: Any) -> None:
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
