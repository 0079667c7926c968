"""Clear keys live in ``bytearray`` buffers that are overwritten after use.

What Python allows: these buffers are ours and are wiped. What it does not: a library may copy what it is given (OpenSSL
clears its own copies when a cipher is freed), a page may have been swapped or written to a core file before, and
``bytes`` and ``str`` objects cannot be overwritten at all, which is why none is made of a key here.
"""

from collections.abc import Generator
from contextlib import contextmanager


def wipe(buffer: bytearray) -> None:
    """Overwrite in place; its length stays."""
    buffer[:] = bytes(len(buffer))


@contextmanager
def wiped(*buffers: bytearray) -> Generator[None]:
    """Overwritten at the end of the block, however it ends."""
    try:
        yield
    finally:
        for buffer in buffers:
            wipe(buffer)
