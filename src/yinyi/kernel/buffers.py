"""Clear keys live in ``bytearray`` buffers that are overwritten after use.

What Python allows: these buffers are ours and are wiped. What it does not: a library may copy what it is given (OpenSSL
clears its own copies when a cipher is freed), a page may have been swapped or written to a core file before, and
``bytes`` and ``str`` objects cannot be overwritten at all, which is why none is made of a key here.
"""

from typing import Self


def wipe(buffer: bytearray) -> None:
    """Overwrite in place; its length stays."""
    buffer[:] = bytes(len(buffer))


def wiped(*buffers: bytearray) -> "_Wiped":
    """Overwritten at the end of the ``with`` block, however it ends."""
    return _Wiped(buffers)


class _Wiped:
    """Each message needs some: a third of the time of a generator."""

    __slots__ = ("_buffers",)

    def __init__(self, buffers: tuple[bytearray, ...]) -> None:
        self._buffers = buffers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for buffer in self._buffers:
            wipe(buffer)
