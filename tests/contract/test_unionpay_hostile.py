"""What a host that is broken, or wants to do harm, can do to the connector. Hosts are written without our codec."""

import asyncio
import gc
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from bank_dialects import POS, Doc, theirs
from bank_lab import OUTPATIENT, RICH, TERMINAL
from wechatpay_lab import MovingClock

from yinyi.access.payment.unionpay import client
from yinyi.access.payment.unionpay.config import Address, Settings
from yinyi.access.payment.unionpay.plugin import UnionPay
from yinyi.business.lines.errors import KeyDoesNotOpen
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.session_model import Approved, Card, Declined, Desk, LineAnswer, NeverSent, NoAnswer, Totals
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Surroundings
from yinyi.wire.iso8583.model import MacAlgorithm, Message

pytestmark = theirs
Run = Callable[[Any], Any]
Serve = Callable[["Visit"], Awaitable[None]]
MAK = bytes.fromhex("C24A8FB57AA20123")
SLOT = PosSession("bank", OUTPATIENT, TERMINAL)
CARD = Card(pan=RICH.pan, entry_mode="contactless")
PATIENCE_S = 20.0


class Visit:
    """One connection, at the host."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def hear(self) -> Doc:
        """
        Raises:
            EOFError: the connector has hung up.
        """
        return POS.unpack(await POS.read(self.reader), MAK)

    def say(self, doc: Doc, mak: bytes = b"", **more: str) -> None:
        self.writer.write(answer_to(doc, mak, **more))

    async def until_hung_up(self) -> None:
        while await self.reader.read(65_536):
            pass


def answer_to(doc: Doc, mak: bytes = b"", **more: str) -> bytes:
    same = {number: doc[number] for number in ("4", "11", "41", "42", "60") if number in doc}
    told = {number.removeprefix("f"): value for number, value in more.items()}
    return POS.pack({"t": f"{doc['t'][:2]}{int(doc['t'][2]) + 1}0", "39": "00", "37": "0" * 12} | same | told, mak)


async def honest(visit: Visit) -> None:
    """Answers everything."""
    while True:
        visit.say(await visit.hear())


class Host:
    """Does with each connection what ``serve`` does; ``visits``: how many came; ``ended``: one is over."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.StreamWriter] = set()
        self.visits = 0
        self.ended = asyncio.Event()

    async def start(self) -> Address:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # who does not read is full before long
        self._server = await asyncio.start_server(self._visited, sock=listener)
        return Address(host="127.0.0.1", port=listener.getsockname()[1])

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        for writer in self._visits:
            writer.transport.abort()

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        self._visits.add(writer)
        try:
            await self._serve(Visit(reader, writer))
        except (EOFError, ConnectionError):
            pass
        finally:
            self._visits.discard(writer)
            writer.transport.abort()
            self.ended.set()


@asynccontextmanager
async def connected(*hosts: Host, **more: Any) -> AsyncGenerator[UnionPay]:
    """A connector whose addresses these are."""
    addresses = tuple([await host.start() for host in hosts])
    given: dict[str, Any] = {"reconnect_s": (0.01,), "send_within_s": PATIENCE_S, "answer_timeout_s": PATIENCE_S}
    around = Surroundings(clock=MovingClock(), callback_url="")
    connector = UnionPay(Settings(name="bank", addresses=addresses, **(given | more)), around)
    await connector.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield connector
    finally:
        await connector.stop()
        for host in hosts:
            await host.stop()


async def seal(algorithm: MacAlgorithm, data: bytes) -> bytes:
    assert algorithm == "ecb"
    return POS.seal(MAK, data)


def desk(trace_no: int) -> Desk:
    return Desk(SLOT, 1, trace_no, MovingClock().now(), seal)


async def reached(connector: UnionPay, first: int = 1) -> None:
    """Sooner or later somebody answers."""
    trace_no = first
    while not isinstance(await connector.echo(desk(trace_no)), Approved):
        trace_no += 1


async def buy(connector: UnionPay, trace_no: int = 1) -> LineAnswer:
    return await connector.purchase(desk(trace_no), Fen(500), CARD)


def test_who_takes_connections_and_cuts_them_is_left_for_the_other_address(run: Run) -> None:
    async def cut(visit: Visit) -> None:
        return

    async def main() -> None:
        async with connected(Host(cut), Host(honest)) as connector:
            await reached(connector)

    run(main())


def test_who_cuts_every_connection_is_dialled_with_growing_pauses(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    enough = asyncio.Event()

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 5:
            enough.set()
            await asyncio.Event().wait()

    async def cut(visit: Visit) -> None:
        return

    async def main() -> None:
        monkeypatch.setattr(client, "pause", pause)
        host = Host(cut)
        async with connected(host, reconnect_s=(1, 2, 300)):
            await enough.wait()
            assert (pauses, host.visits) == ([1, 2, 300, 300, 300], 5)

    run(main())


def test_a_flood_that_nobody_has_asked_for_ends_the_connection(run: Run) -> None:
    async def flood(visit: Visit) -> None:
        foreign = answer_to({"t": "0200", "11": "000009", "41": "9" * 8, "42": "9" * 15, "60": "22000001"})
        while True:
            visit.writer.write(foreign * 100)
            await visit.writer.drain()

    async def main() -> None:
        host = Host(flood)
        async with connected(host, Host(honest), most_waiting=50) as connector:
            await host.ended.wait()
            await reached(connector)

    run(main())


@pytest.mark.parametrize("behind", [b"\xff\xff", b"\x00\x00", b"\x00\x28" + b"\xff" * 40])
def test_what_is_no_message_ends_the_connection_at_once_but_not_what_came_before(behind: bytes, run: Run) -> None:
    async def spoil(visit: Visit) -> None:
        visit.writer.write(answer_to(await visit.hear()) + behind)
        await visit.until_hung_up()

    async def main() -> None:
        host = Host(spoil)
        async with connected(host, Host(honest)) as connector:
            assert isinstance(await connector.echo(desk(1)), Approved)
            await host.ended.wait()
            assert isinstance(await connector.echo(desk(2)), Approved), "the other address"

    run(main())


def test_a_message_that_is_too_long_is_not_waited_for(run: Run) -> None:
    async def announce(visit: Visit) -> None:
        await visit.hear()
        visit.writer.write(b"\x10\x01" + bytes(10))
        await visit.until_hung_up()

    async def main() -> None:
        host = Host(announce)
        async with connected(host) as connector:
            assert isinstance(await connector.echo(desk(1)), NoAnswer)
            await host.ended.wait()

    run(main())


def test_an_answer_that_comes_twice_counts_once(run: Run) -> None:
    async def twice(visit: Visit) -> None:
        while True:
            visit.writer.write(answer_to(await visit.hear(), MAK) * 2)

    async def main() -> None:
        late: list[int] = []
        async with connected(Host(twice)) as connector:
            connector.hear_late(lambda slot, number, answer: late.append(number.trace_no))
            for trace_no in (1, 2, 3):
                assert isinstance(await buy(connector, trace_no), Approved)
            assert not late

    run(main())


def test_who_does_not_read_gets_no_more_and_what_was_not_sent_is_known(run: Run) -> None:
    chip, at = Card(pan=RICH.pan, entry_mode="chip", chip_data=bytes(255)), MovingClock().now()

    async def no_mac(algorithm: MacAlgorithm, data: bytes) -> bytes:
        return bytes(8)

    async def main() -> None:
        async def deaf(visit: Visit) -> None:
            visit.say(await visit.hear())
            cast("asyncio.Transport", visit.writer.transport).pause_reading()
            await asyncio.Event().wait()

        async with connected(Host(deaf), most_waiting=1_000_000, send_within_s=0.1) as connector:
            await reached(connector)
            asked: list[asyncio.Task[LineAnswer]] = []
            while connector.is_up:
                for trace_no in range(len(asked) + 1, len(asked) + 501):
                    unsealed = Desk(SLOT, 1, trace_no, at, no_mac)
                    asked.append(asyncio.create_task(connector.purchase(unsealed, Fen(1), chip)))
                await asyncio.wait(asked[-1:], timeout=0.001)
            assert isinstance(await buy(connector, 999_999), NeverSent)
            await connector.stop()
            answers = await asyncio.gather(*asked)
            assert {type(answer) for answer in answers} == {NoAnswer, NeverSent}

    run(main())


def test_a_forged_late_answer_does_not_use_up_the_true_one(run: Run) -> None:
    async def main() -> None:
        given_up, told = asyncio.Event(), asyncio.Queue[tuple[int, Approved | Declined]]()

        async def slow(visit: Visit) -> None:
            asked = await visit.hear()
            await given_up.wait()
            for mak in (bytes(8), bytes(range(8)), MAK, MAK):
                visit.say(asked, mak)
            await honest(visit)

        async with connected(Host(slow), answer_timeout_s=0.05) as connector:
            connector.hear_late(lambda slot, number, answer: told.put_nowait((number.trace_no, answer)))
            assert isinstance(await buy(connector, 471), NoAnswer)
            gc.collect()
            kept = [each.fields for each in gc.get_objects() if isinstance(each, Message)]
            assert [sorted(fields) for fields in kept if fields.get(11) == "000471"] == [], "no card is remembered"
            given_up.set()
            trace_no, answer = await told.get()
            assert (trace_no, type(answer)) == (471, Approved)
            assert isinstance(await connector.echo(desk(2)), Approved)
            assert told.empty(), "once"

    run(main())


def test_what_was_sent_is_in_doubt_when_its_answer_cannot_be_checked(run: Run) -> None:
    calls = 0

    async def opens_once(algorithm: MacAlgorithm, data: bytes) -> bytes:
        nonlocal calls
        calls += 1
        if calls > 1:
            raise KeyDoesNotOpen("the master key was retired meanwhile")
        return await seal(algorithm, data)

    async def sealed(visit: Visit) -> None:
        while True:
            visit.say(await visit.hear(), MAK)

    async def main() -> None:
        async with connected(Host(sealed)) as connector:
            answer = await connector.purchase(Desk(SLOT, 1, 1, MovingClock().now(), opens_once), Fen(500), CARD)
            assert answer == NoAnswer(why="failed_here", detail="KeyDoesNotOpen")

    run(main())


def test_what_cannot_be_written_was_never_sent(run: Run) -> None:
    async def main() -> None:
        host = Host(honest)
        async with connected(host) as connector:
            too_many = Totals(debit_fen=Fen(1), debits=1_000)
            for answer in (
                await connector.settle(desk(1), too_many),
                await connector.purchase(desk(2), Fen(10**12), CARD),
            ):
                assert isinstance(answer, NeverSent)
            assert isinstance(await connector.echo(desk(3)), Approved)

    run(main())


def test_whoever_waits_hears_at_once_that_the_line_broke(run: Run) -> None:
    async def main() -> None:
        arrived, leaving = asyncio.Event(), asyncio.Event()

        async def leave(visit: Visit) -> None:
            if leaving.is_set():
                await honest(visit)
            for _ in range(3):
                await visit.hear()
            arrived.set()
            await leaving.wait()

        async with connected(Host(leave)) as connector:
            waiting = [asyncio.create_task(buy(connector, trace_no)) for trace_no in (1, 2, 3)]
            await arrived.wait()
            leaving.set()
            assert all(isinstance(answer, NoAnswer) for answer in await asyncio.gather(*waiting))
            assert isinstance(await connector.echo(desk(4)), Approved)

    run(main())
