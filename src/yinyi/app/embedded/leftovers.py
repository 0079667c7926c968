"""What a PostgreSQL of an earlier start has left: processes that are still ending, and files that name dead ones."""

import os
import time
from pathlib import Path

from yinyi.app.errors import CannotStart


def clear_after_predecessor(data: Path, timeout_s: float = 30) -> None:
    """Waits until no process of an earlier one works in ``data``, then drops its stale pid file (we hold the lock)."""
    deadline = time.monotonic() + timeout_s
    while pids := working_in(data):
        if time.monotonic() > deadline:
            raise CannotStart(
                f"A PostgreSQL of an earlier start (process {pids[0]}) is still ending in {data}; "
                "try again in a moment."
            )
        time.sleep(0.02)
    (data / "postmaster.pid").unlink(missing_ok=True)


def drop_sockets(folder: Path) -> None:
    """Sockets that servers have left behind: their locks name processes whose numbers others may have by now."""
    for lock in folder.glob(".s.PGSQL.*.lock"):
        pid = lock.read_text(encoding="ascii").split("\n")[0]
        if not _is_postgres(pid):
            lock.with_suffix("").unlink(missing_ok=True)
            lock.unlink(missing_ok=True)


def _is_postgres(pid: str) -> bool:
    try:
        return Path("/proc", pid, "comm").read_text(encoding="utf-8").strip() == "postgres"
    except OSError:
        return False


def working_in(data: Path) -> list[int]:
    """Every PostgreSQL process has its cluster as working folder."""
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd") == str(data):
                found.append(int(entry.name))
        except OSError:  # ended meanwhile, or somebody else's
            continue
    return found
