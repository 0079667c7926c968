"""What the supervisor has to know of a process that it keeps alive."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from yinyi.app.embedded.child import tied_to_parent
from yinyi.app.embedded.server import Command

NOTHING: Mapping[str, bytearray] = {}


def nothing() -> None:
    """For a part that needs no preparation."""


@dataclass(frozen=True)
class Part:
    """A row of the table in ``processes.py``."""

    name: str
    command: Callable[[], Command]
    """Asked at every start, after ``prepare``."""
    needs: tuple[str, ...] = ()
    """Parts that are ready before this one starts, and that stop after it."""
    prepare: Callable[[], None] = nothing
    """Before every start; may block; raises CannotStart."""
    is_ready: Callable[[], bool] | None = None
    """Asked again and again; None for a part that says so itself (``yinyi.kernel.ready``)."""
    once_ready: Callable[[], None] = nothing
    """What has to follow before others may use it; may block; raises CannotStart."""


def own_command(
    program: str,
    *arguments: str,
    settings: Mapping[str, str],
    log: Path,
    hands_over: Mapping[str, bytearray] = NOTHING,
) -> Command:
    """One of our own programs beside this Python, with these ``YINYI_`` variables and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("YINYI_")}
    return Command(
        argv=[sys.executable, str(Path(sys.executable).with_name(program)), *arguments],
        log=log,
        preexec=tied_to_parent(signal.SIGKILL),
        env=inherited | {"MALLOC_ARENA_MAX": "2"} | dict(settings),
        hands_over=hands_over,
    )
