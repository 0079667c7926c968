"""What `yinyi up` says of its parts, in ``run/status.json``: for `/healthz`, which knows no supervisor."""

import os
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

PartState = Literal["waiting", "starting", "ready", "restarting", "stopped", "full"]


class PartStatus(msgspec.Struct, frozen=True):
    name: str
    state: PartState
    since: datetime
    pid: int | None = None
    restarts: int = 0


class Status(msgspec.Struct, frozen=True):
    pid: int
    """Of `yinyi up`."""
    parts: list[PartStatus]


def write_status(path: Path, parts: list[PartStatus]) -> None:
    """Replaces the file whole, so that nobody reads half of it."""
    draft = path.with_name(path.name + ".new")
    draft.write_bytes(msgspec.json.encode(Status(os.getpid(), parts)))
    draft.replace(path)


def read_status(path: Path) -> Status | None:
    """None: no `yinyi up` runs on this data folder, for example where each process has a machine of its own."""
    try:
        status = msgspec.json.decode(path.read_bytes(), type=Status)
    except FileNotFoundError:
        return None
    return status if Path("/proc", str(status.pid)).exists() else None
