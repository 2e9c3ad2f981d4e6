"""A real `semioscope serve` in a process of its own, for tests and benchmarks."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

SEMIOSCOPE = Path(sys.executable).with_name("semioscope")
"""The installed command."""


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """One server on one data folder; it can be stopped, killed and started again.

    `rule` is the rule that `start` waits for: with "coin" the server answers before, and
    whether or not, the default model is loaded. environment: beside the settings.
    """

    def __init__(
        self,
        folder: Path,
        rule: str = "smollm2",
        environment: Mapping[str, str] | None = None,
        **settings: str,
    ) -> None:
        self.folder = folder
        self.rule = rule
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self._settings = {f"SEMIOSCOPE_{name.upper()}": value for name, value in settings.items()}
        self._settings |= environment or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, patience_s: float = 240.0) -> float:
        """Starts the process; returns the seconds until its rule was ready."""
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "SEMIOSCOPE_DATA_FOLDER": str(self.folder),
            **self._settings,
        }
        began = time.perf_counter()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(SEMIOSCOPE), "serve"),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                ],
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
            )
        try:
            self._wait_until_ready(self._process, began + patience_s)
        except BaseException:
            self.kill()
            raise
        return time.perf_counter() - began

    def stop(self) -> None:
        """Asks it to end (SIGTERM), and waits."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it without a word (SIGKILL), as a crash would."""
        self._end(signal.SIGKILL)

    def output(self) -> str:
        """What it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def _wait_until_ready(self, process: subprocess.Popen[bytes], until: float) -> None:
        while not self._is_ready():
            if process.poll() is not None:
                raise RuntimeError(f"the server stopped by itself:\n{self.output()}")
            if time.perf_counter() > until:
                raise TimeoutError(f"the server is not ready in time:\n{self.output()}")
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            status: dict[str, Any] = httpx.get(f"{self.url}/api/status", timeout=2).json()
        except httpx.TransportError:
            return False
        offer = next(offer for offer in status["rules"] if offer["id"] == self.rule)
        if offer["state"] == "failed":
            raise RuntimeError(f"{self.rule} cannot be loaded: {offer['message']}")
        return self.rule == "coin" or offer["state"] == "ready"
