"""Child processes that die with their parent, and the two ways in which root can run what refuses to run as root."""

import ctypes
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_NOBODY = 65534


def tied_to_parent(with_signal: signal.Signals, first: Callable[[], None] | None = None) -> Callable[[], None]:
    """A ``preexec_fn``: the kernel sends ``with_signal`` to the child when the thread that started it ends in any way.

    So a child is started from the main thread, or from one that outlives it. ``first`` runs before, because a change
    of identity would cancel the arrangement.
    """
    return partial(_tie, os.getpid(), int(with_signal), first)


def _tie(parent: int, with_signal: int, first: Callable[[], None] | None) -> None:
    if first is not None:
        first()
    _LIBC.prctl(_PR_SET_PDEATHSIG, with_signal, 0, 0, 0)
    if os.getppid() != parent:  # the parent ended between fork and prctl
        os._exit(1)


def enter_user_namespace() -> None:
    """From here on this process is *nobody* in its own eyes, while its files stay those of the account outside.

    Raises:
        OSError: the kernel or the container does not allow it.
    """
    uid, gid = os.geteuid(), os.getegid()
    if _LIBC.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    for file, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{_NOBODY} {uid} 1"),
        ("gid_map", f"{_NOBODY} {gid} 1"),
    ):
        Path("/proc/self", file).write_text(text, encoding="ascii")


def become(uid: int, gid: int) -> None:
    """Root only: this process and what it executes belong to another account for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def runs(argv: Sequence[str], cwd: Path, first: Callable[[], None] | None) -> bool:
    """Whether a command succeeds after ``first``, with ``cwd`` as its folder."""

    def enter() -> None:
        if first is not None:
            first()
        os.chdir(cwd)

    try:
        return subprocess.run(argv, preexec_fn=enter, capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False
