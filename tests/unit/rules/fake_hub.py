"""A hub on the loopback: as much of its HTTP as huggingface_hub needs to fetch a model."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit


def commit_of(number: int) -> str:
    """Forty hex digits."""
    return hashlib.sha1(str(number).encode()).hexdigest()


@dataclass
class FakeHub:
    """repositories: name → revision → file → content, where a revision is a branch or a commit.

    asked: the paths that were asked for. gated: the repositories that ask for a token. pause_s:
    what the content of a file takes, one file after the other.
    """

    url: str = ""
    repositories: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    heads: dict[str, dict[str, str]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    pause_s: float = 0.0

    def push(self, repo: str, files: dict[str, bytes], branch: str = "main") -> str:
        """Makes these files the branch's newest commit, which is returned."""
        commits = self.repositories.setdefault(repo, {})
        commit = commit_of(len(commits))
        commits[commit] = files
        self.heads.setdefault(repo, {})[branch] = commit
        return commit

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        parts = unquote(urlsplit(path).path).strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            repo, rest = "/".join(parts[2:4]), parts[4:]
            return self._api(repo, rest)
        repo, rest = "/".join(parts[:2]), parts[2:]
        files = self._files(repo, rest[1]) if len(rest) > 2 else None
        name = "/".join(rest[2:])
        if files is None or name not in files[1]:
            return 404, {"X-Error-Code": "EntryNotFound"}, b""
        content = files[1][name]
        return 200, {"X-Repo-Commit": files[0], "ETag": _etag(content)}, content

    def _api(self, repo: str, rest: list[str]) -> tuple[int, dict[str, str], bytes]:
        if repo not in self.repositories:
            return 401, {"X-Error-Code": "RepoNotFound"}, b"{}"
        if repo in self.gated:
            return 403, {"X-Error-Code": "GatedRepo"}, b"{}"
        files = self._files(repo, rest[1] if len(rest) > 1 else "main")
        if files is None:
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        commit, content = files
        if rest and rest[0] == "tree":
            told: Any = [
                {"type": "file", "path": name, "size": len(each), "oid": _etag(each).strip('"')}
                for name, each in content.items()
            ]
        else:
            siblings = [{"rfilename": n, "size": len(c)} for n, c in content.items()]
            told = {"id": repo, "sha": commit, "siblings": siblings}
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()

    def _files(self, repo: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        commits = self.repositories.get(repo, {})
        commit = self.heads.get(repo, {}).get(revision, revision)
        return (commit, commits[commit]) if commit in commits else None


def _etag(content: bytes) -> str:
    return f'"{hashlib.sha1(content).hexdigest()}"'


@contextmanager
def serving(hub: FakeHub) -> Iterator[FakeHub]:
    """The hub, answering at `hub.url`."""

    one_file_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def _answer(self, *, with_body: bool) -> None:
            hub.asked.append(self.path)
            status, headers, body = hub.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not with_body:
                return
            if "/resolve/" in self.path:
                with one_file_at_a_time:
                    time.sleep(hub.pause_s)
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Not into the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
