"""What was acknowledged is there after the process was killed in the middle of its work."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from semioscope.store.database import Database
from semioscope.store.records import TreeId
from semioscope.store.trees import Trees

WRITER = """
import asyncio, os, sys
from pathlib import Path
from semioscope.store.database import Database
from semioscope.store.identities import Identities
from semioscope.store.records import NewEvent, NewTree
from semioscope.store.trees import Trees

async def main():
    database = await Database.open(Path(sys.argv[1]))
    identities, trees = Identities(database), Trees(database)
    me = await identities.resolve(None)
    await identities.keep(me.id)
    tree = await trees.create_tree(NewTree("n", {}, "f", {}, 8), me.id)
    os.write(1, f'["{tree.id}", "{tree.read_id}"]\\n'.encode())
    for seq in range(1, 100_000):
        frame = seq.to_bytes(4, "little") * 10_000
        event = NewEvent(seq, "grow", 0.0, me.id, "c", seq, frame)
        await trees.append_events(tree.id, [event])
        os.write(1, f"{seq}\\n".encode())

asyncio.run(main())
"""


async def test_every_acknowledged_event_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "trees.sqlite"
    for kill_after in (1, 60):
        acknowledged, tree_id, read_id = _killed_writer(path, kill_after)
        assert acknowledged >= kill_after
        database = await Database.open(path)
        trees = Trees(database)
        tree = (await trees.tree_by_ref(read_id)).tree
        frames = await trees.events_after(tree_id, 0, limit=100_000)
        await database.close()
        # One more may have been committed than there was time to say.
        assert tree.seq in {acknowledged, acknowledged + 1}
        assert [stored.seq for stored in frames] == list(range(1, tree.seq + 1))
        assert all(stored.frame == stored.seq.to_bytes(4, "little") * 10_000 for stored in frames)


def _killed_writer(path: Path, kill_after: int) -> tuple[int, TreeId, str]:
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        tree_id, read_id = json.loads(writer.stdout.readline())
        told = [writer.stdout.readline() for _ in range(kill_after)]
        os.kill(writer.pid, signal.SIGKILL)
        told += writer.stdout.read().splitlines(keepends=True)
        writer.wait()
    assert writer.returncode == -signal.SIGKILL
    return int(told[-1]), TreeId(tree_id), read_id
