"""Head and body leave together; nothing that was written is kept longer than a turn of the loop, or lost."""

import asyncio

from yinyi.interface.one_write import Gathering


class Line(asyncio.Transport):
    """Notes each write, and the end."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[bytes] = []
        self.is_ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.left.append(bytes(data))

    def is_closing(self) -> bool:
        return self.is_ended

    def close(self) -> None:
        self.is_ended = True

    def abort(self) -> None:
        self.is_ended = True


def test_two_writes_of_a_turn_are_one() -> None:
    async def story() -> None:
        line = Line()
        out = Gathering(line)
        out.write(b"head ")
        out.write(b"body")
        assert line.left == [b"head body"]
        await asyncio.sleep(0)
        assert line.left == [b"head body"]

    asyncio.run(story())


def test_a_lone_write_leaves_at_the_end_of_its_turn() -> None:
    async def story() -> None:
        line = Line()
        out = Gathering(line)
        for data in (b"one", b"two"):
            out.write(data)
            await asyncio.sleep(0)
        assert line.left == [b"one", b"two"]

    asyncio.run(story())


def test_what_is_kept_leaves_before_the_line_closes() -> None:
    async def story() -> None:
        line = Line()
        out = Gathering(line)
        out.write(b"refused")
        out.close()
        assert (line.left, line.is_ended) == ([b"refused"], True)
        await asyncio.sleep(0)
        assert line.left == [b"refused"]

    asyncio.run(story())


def test_nothing_is_written_on_a_broken_line() -> None:
    async def story() -> None:
        line = Line()
        out = Gathering(line)
        out.write(b"to nobody")
        out.abort()
        await asyncio.sleep(0)
        assert line.left == []

    asyncio.run(story())


def test_several_parts_keep_their_place() -> None:
    async def story() -> None:
        line = Line()
        out = Gathering(line)
        out.write(b"first ")
        out.writelines([b"second ", b"third"])
        out.write(b"last")
        await asyncio.sleep(0)
        assert b"".join(line.left) == b"first second thirdlast"

    asyncio.run(story())
