"""One message to a system of the hospital's, and what it says. Nothing of either is ever logged."""

import asyncio
from contextlib import suppress

from yinyi.access.notification.mllp.config import Receiver
from yinyi.wire.hl7.framing import MOST_BYTES, Frames


async def exchange(receiver: Receiver, framed: bytes, timeout_s: float) -> bytes:
    """The first message that comes back, over a connection of its own.

    Raises:
        OSError, EOFError, TimeoutError: it is away.
        FrameError: what comes is no message.
    """
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(receiver.host, receiver.port)
        try:
            writer.write(framed)
            await writer.drain()
            frames = Frames(MOST_BYTES)
            while True:
                data = await reader.read(16 * 1024)
                if not data:
                    raise EOFError
                if whole := frames.feed(data):
                    return whole[0]
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
