"""Reading the body of a request, with a limit."""

import asyncio

from starlette.types import Message, Receive, Scope

from yinyi.kernel.errors import Invalid


class TooLarge(Invalid):
    """This is too large."""

    zh = "内容太大。"


class TooSlow(Invalid):
    """This came too slowly."""

    zh = "内容传输太慢。"


WITHIN_S = 10.0
LONGEST_LENGTH = 18
"""Digits of a length that is looked at."""


async def body_of(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body, refused as soon as it is known to be too large.

    Raises:
        TooLarge: larger than ``limit`` bytes.
        TooSlow: not whole within ten seconds.
        Invalid: the sender has gone in the middle of it.
    """
    try:
        async with asyncio.timeout(WITHIN_S):
            return await _whole(scope, receive, limit)
    except TimeoutError:
        raise TooSlow from None


async def _whole(scope: Scope, receive: Receive, limit: int) -> bytes:
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if not said.isdigit() or len(said) > LONGEST_LENGTH or int(said) > limit:
        raise TooLarge
    body = b""
    while True:
        message: Message = await receive()
        if message["type"] != "http.request":
            raise Invalid("the sender has gone")
        body += message.get("body", b"")
        if len(body) > limit:
            raise TooLarge
        if not message.get("more_body"):
            return body
