"""Whoever keeps a request's head back is hung up on; whoever sends it in pieces, or much later, is answered."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from web_line import serving

from yinyi.interface.whole_heads import WholeHeads

ASKED = b"GET /page HTTP/1.1\r\nHost: yinyi\r\n\r\n"
Story = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def play(story: Story, *, whole_within_s: float, silent_s: float) -> None:
    class Quick(WholeHeads):
        pass

    Quick.whole_within_s, Quick.silent_s = whole_within_s, silent_s

    async def page(_: Request) -> PlainTextResponse:
        return PlainTextResponse("a page")

    async def whole() -> None:
        app = Starlette(routes=[Route("/page", page)])
        async with serving(app, http=Quick) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                await story(reader, writer)
            finally:
                writer.close()

    asyncio.run(whole())


async def answered(reader: asyncio.StreamReader) -> bool:
    head = await reader.readuntil(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 200") and await reader.readexactly(6) == b"a page"


def test_a_head_that_does_not_end_is_hung_up_on() -> None:
    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASKED[:-4])
        assert await reader.read() == b""

    play(story, whole_within_s=0.05, silent_s=600)


def test_the_second_head_on_a_line_too() -> None:
    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(ASKED)
        assert await answered(reader)
        writer.write(b"G")
        assert await reader.read() == b""

    play(story, whole_within_s=0.05, silent_s=600)


def test_a_line_on_which_nothing_comes_is_hung_up_on() -> None:
    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.read() == b""

    play(story, whole_within_s=600, silent_s=0.05)


def test_a_head_in_pieces_is_a_head() -> None:
    async def story(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            for place in range(len(ASKED)):
                writer.write(ASKED[place : place + 1])
                await writer.drain()
                await asyncio.sleep(0)
            assert await answered(reader)

    play(story, whole_within_s=600, silent_s=600)
