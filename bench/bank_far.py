"""What stands at the far end of a bank's line in a bench: ``python -m bench.bank_far bank|again|echo`` tells its port
and serves until it is stopped.

``bank`` is the sandbox's own. ``again`` is that too, but a message that it has had before gets the answer that it got
then, without another look: what purchases take beside it is the connector's own. ``echo`` has the bank's socket code,
but sends every frame back as if it were its answer, and reads nothing of it but its length.
"""

import asyncio
import hashlib
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import NamedTuple

from yinyi.app.serving import serve, settle_memory
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.ready import tell_ready
from yinyi.wire.iso8583.cup_pos import CUP_POS
from yinyi.wire.iso8583.des import xor
from yinyi.wire.iso8583.framing import framed
from yinyi.wire.iso8583.header import HEAD_BYTES
from yinyi.wire.iso8583.model import Profile, answer_mti
from yinyi_sandbox.bank.lines import Answered, Line
from yinyi_sandbox.bank.model import Session
from yinyi_sandbox.bank.sandbox import Bank, Pace

MERCHANTS = ("898999900000001", "898999900000002")
"""Outpatients', inpatients'."""
MOST = 2_000
TERMINALS = tuple(f"9{number:07}" for number in range(MOST))
_TYPE_AT = HEAD_BYTES[CUP_POS.head] + 1
_ANSWERED = bytes.fromhex(answer_mti("0200"))[1:]


def halves_of(merchant_no: str, terminal_no: str) -> tuple[bytes, bytes]:
    """Of the master key that both sides have for a terminal of a merchant."""
    both = hashlib.sha256(f"{merchant_no} {terminal_no}".encode()).digest()
    return both[:16], both[16:]


def tmk_of(merchant_no: str, terminal_no: str) -> bytes:
    return xor(*halves_of(merchant_no, terminal_no))


def sessions() -> list[Session]:
    """As the bank knows them before anybody has signed on."""
    return [
        Session(merchant_no=merchant_no, terminal_no=terminal_no, tmk=tmk_of(merchant_no, terminal_no))
        for merchant_no in MERCHANTS
        for terminal_no in TERMINALS
    ]


def echoed(profile: Profile, body: bytes) -> Answered:
    """The frame itself, of the type that answers it."""
    return framed(profile, body[:_TYPE_AT] + _ANSWERED + body[_TYPE_AT + 1 :]), "now", 0


class FarSide(NamedTuple):
    """In a process of its own."""

    port: int
    pid: int

    def cpu_s(self) -> float:
        """Of the processor, so far."""
        return int(Path("/proc", str(self.pid), "schedstat").read_text(encoding="ascii").split()[0]) / 1e9


@asynccontextmanager
async def far_side(kind: str) -> AsyncGenerator[FarSide]:
    """Stopped at the end."""
    program = [sys.executable, "-m", "bench.bank_far", kind]
    process = await asyncio.create_subprocess_exec(*program, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            told = await process.stdout.readline()
        yield FarSide(int(told), process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _bank(stopping: asyncio.Event) -> None:
    await _serve(Bank(sessions(), ShiftedClock(), profiles=(CUP_POS,)), stopping)


async def _again(stopping: asyncio.Event) -> None:
    bank = Bank(sessions(), ShiftedClock(), profiles=(CUP_POS,))
    for line in bank.lines.values():
        line.answer, line.together = cache(line.answer), nullcontext
    await _serve(bank, stopping)


async def _serve(bank: Bank, stopping: asyncio.Event) -> None:
    await bank.start()
    _tell(bank.lines["cup_pos-1"].port)
    await stopping.wait()
    await bank.stop()


async def _echo(stopping: asyncio.Event) -> None:
    pace = Pace()
    line = Line("echo", CUP_POS, echoed, nullcontext, idle_s=pace.idle_s, most=pace.most_connections)
    await line.start(0)
    _tell(line.port)
    await stopping.wait()
    await line.stop()


def _tell(port: int) -> None:
    settle_memory()
    tell_ready()
    print(port, flush=True)


if __name__ == "__main__":
    serve({"bank": _bank, "again": _again, "echo": _echo}[sys.argv[1]], "critical")
