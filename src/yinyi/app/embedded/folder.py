"""Folders that one running copy owns: locks that vanish with their holder, free space, free ports."""

import contextlib
import fcntl
import itertools
import os
import random
import shutil
import socket
from pathlib import Path

from yinyi.app.errors import CannotStart

MIB = 1024 * 1024
_MEMORY = Path("/dev") / "shm"
"""Linux keeps a file system in memory there."""

_PORTS, _EACH, _TRIES = range(15_000, 32_768), 64, 200
"""Each process looks in a stretch of its own first, one after the other: of two that look at once and listen a second
later, each has its own."""
_turns = itertools.count()


class FolderInUse(CannotStart):
    """Somebody else holds its lock."""


class FolderLock:
    """Holds ``folder/lock`` until released, or until the process ends in any way (flock: also by kill -9)."""

    def __init__(self, folder: Path, name: str = "lock") -> None:
        """Raises:
        FolderInUse: another process holds it.
        CannotStart: the folder cannot be written.
        """
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CannotStart(f"The folder {folder} cannot be used: {error.strerror}.") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._descriptor, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(self._descriptor)
            raise FolderInUse(
                f"The folder {folder} is in use by another running Yinyi (process {holder}); "
                "stop it, or choose another folder with YINYI_DATA_DIR."
            ) from None
        with contextlib.suppress(OSError):  # a full disk: whoever has the lock says so, in a sentence
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Gives the folder free; harmless when done twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def require_space(folder: Path, needed_bytes: int) -> None:
    """Raises:
    CannotStart: the disk that holds ``folder`` has less than ``needed_bytes`` left.
    """
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise CannotStart(
            f"The disk that holds {folder} is full: {free_bytes // MIB} MB are free, "
            f"{needed_bytes // MIB} MB are needed."
        )


def memory_folder(needed_bytes: int) -> Path | None:
    """Where files live in memory, for what is thrown away afterwards; None where there is not so much room."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= needed_bytes
    return _MEMORY if roomy and os.access(_MEMORY, os.W_OK) else None


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody has at this moment; not one of those that Linux gives to connections, where a
    moment later it would be somebody's."""
    own = os.getpid() * _EACH
    nearby = (_PORTS[(own + next(_turns) % _EACH) % len(_PORTS)] for _ in range(_EACH))
    for port in itertools.chain(nearby, random.sample(_PORTS, _TRIES)):
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise CannotStart("No free port was found on this machine.")
