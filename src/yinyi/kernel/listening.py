"""A port of this machine's whose answers leave at once."""

import socket


def listening(port: int = 0, backlog: int = 128) -> socket.socket:
    """On loopback; 0: any that is free.

    Raises:
        OSError: it is taken.
    """
    listener = socket.create_server(("127.0.0.1", port), backlog=backlog)
    send_at_once(listener)
    return listener


def send_at_once(listener: socket.socket) -> None:
    """Connections accepted here inherit it. asyncio sees to it only where it has made the socket itself; otherwise an
    answer in two pieces waits 40 ms for the far side to acknowledge the first.
    """
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
