"""Reading the body of a request, with a limit."""

from starlette.types import Message, Receive, Scope

from yinyi.kernel.errors import Invalid


class TooLarge(Invalid):
    """This is too large."""

    zh = "内容太大。"


async def body_of(scope: Scope, receive: Receive, limit: int) -> bytes:
    """The body, refused as soon as it is known to be too large.

    Raises:
        TooLarge: larger than ``limit`` bytes.
        Invalid: the sender has gone in the middle of it.
    """
    said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if not said.isdigit() or int(said) > limit:
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
