"""The socket under a connection: made here, so that another thread can shut it and a farewell is seen."""

import select
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress

from yinyi.access.hospital.procedures.drivers.address import Address


class Plug:
    """``socket`` is for the driver, who closes it."""

    def __init__(self, to: Address, within_s: float) -> None:
        """
        Raises:
            OSError: nobody there.
        """
        self.socket = socket.create_connection((to.host, to.port), within_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._handle = self.socket.dup()

    def is_quiet(self) -> bool:
        """It is open and nothing comes: what comes unasked is the other side's farewell."""
        if self._handle.fileno() < 0:
            return False
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return not poll.poll(0)

    def shut(self) -> None:
        """From any thread: whoever reads or writes ends in an error."""
        with suppress(OSError):
            self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Ours of the two."""
        self._handle.close()


@contextmanager
def plugged(to: Address, within_s: float) -> Generator[Plug]:
    """For a driver to connect with; whatever goes wrong leaves nothing open.

    Raises:
        OSError: nobody there.
    """
    plug = Plug(to, within_s)
    try:
        yield plug
    except BaseException:
        plug.socket.close()
        plug.close()
        raise
