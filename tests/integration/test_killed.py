"""A server that is killed while a tree grows: what was told is there when it comes back."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.server import free_port

SCRIPT = """
import sys
from pathlib import Path
import uvicorn
from semioscope.app import create_app
from semioscope.settings import Settings
folder, port = Path(sys.argv[1]), int(sys.argv[2])
settings = Settings(data_folder=folder, page_folder=folder, requests_per_minute=1_000_000)
uvicorn.run(create_app(settings, load_at_start=False), port=port, log_config=None)
"""


class Process:
    """A server of coins in a process of its own."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/api"
        self._process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder), str(port)])
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{self.url}/status", timeout=5)
                return
            except httpx.TransportError:
                assert self._process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def kill(self) -> None:
        """Ends it without a word."""
        self._process.kill()
        self._process.wait()


def log_of(client: httpx.Client, tree: str) -> list[dict[str, Any]]:
    """The whole log, by pages."""
    told: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = client.get(f"{tree}/events", params={"after": after, "limit": 1000}).json()
        told += page["events"]
        after = page["next"]
    return told


def test_what_was_told_survives_a_killed_server(tmp_path: Path) -> None:
    process = Process(tmp_path)
    with httpx.Client(timeout=30) as client:
        made = client.post(f"{process.url}/trees", json={"rule": "coin", "prompt": ""}).json()
        growth = {"kind": "breadth", "k": 2, "depth": 11}
        client.post(
            f"{process.url}/trees/{made['ref']}/growths",
            json={"state": {"node": 0}, "strategy": growth},
        )
        told: list[dict[str, Any]] = []
        while len(told) < 8:
            told = log_of(client, f"{process.url}/trees/{made['ref']}")
        process.kill()

        again = Process(tmp_path)
        try:
            tree = f"{again.url}/trees/{made['ref']}"
            kept = log_of(client, tree)
            assert kept[: len(told)] == told
            assert [event["seq"] for event in kept] == list(range(1, len(kept) + 1))
            view = client.get(tree).json()
            assert view["role"] == "owner"
            assert view["seq"] == len(kept)
            assert abs(sum(view["ledger"].values()) - 1) < 1e-6
            assert view["jobs"] == []
            client.post(f"{tree}/growths", json={"state": {"node": 0}, "strategy": growth})
            while client.get(tree).json()["jobs"]:
                time.sleep(0.05)
            assert client.get(tree).json()["expansions"] == 2047
        finally:
            again.kill()
