"""A process of the platform is killed when a message is committed and before it has said so: it is sent again, and is
there once."""

import asyncio
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from bad_news import bytes_of, damaged

KEPT = "SELECT count(*) FROM hospital_news WHERE control_id = 'M-KILLED'"


@asynccontextmanager
async def platform(url: str, *how: str) -> AsyncGenerator[tuple[asyncio.subprocess.Process, int]]:
    script = str(Path(__file__).with_name("news_process.py"))
    process = await asyncio.create_subprocess_exec(sys.executable, script, url, *how, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process, int(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def sent(port: int) -> bytes:
    """What was answered before the line ended, or to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(bytes_of(damaged(msh={"f10": "M-KILLED"})))
    try:
        return await reader.readuntil(b"\x1c\r")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    finally:
        writer.close()


def test_killed_between_the_commit_and_the_answer(platform_url: str) -> None:
    async def story() -> None:
        async with platform(platform_url, "deadly") as (process, port):
            assert await sent(port) == b""
            assert await process.wait() == -signal.SIGKILL
        connection = await asyncpg.connect(platform_url)
        assert await connection.fetchval(KEPT) == 1
        async with platform(platform_url) as (_, port):
            assert b"MSA|AA|M-KILLED\r" in await sent(port)
        assert await connection.fetchval(KEPT) == 1
        await connection.close()

    asyncio.run(story())
