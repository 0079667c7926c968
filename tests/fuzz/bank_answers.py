"""Whatever a host answers: the connector's line, from its stream of bytes to what it makes of an answer, and of one
that comes too late. The connector is the product's; in place of a socket it has a wire in memory."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import structlog

from yinyi.access.payment.unionpay import client
from yinyi.access.payment.unionpay.config import Address, Settings
from yinyi.access.payment.unionpay.plugin import UnionPay
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.session_model import (
    Approved,
    Card,
    Declined,
    Desk,
    NoAnswer,
    Original,
    Settled,
    SignedOn,
    Totals,
)
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Surroundings
from yinyi.wire.iso8583.codec import pack
from yinyi.wire.iso8583.framing import framed
from yinyi.wire.iso8583.model import MacAlgorithm, Message, Profile
from yinyi.wire.iso8583.settlement_fields import Side, pack_totals
from yinyi.wire.iso8583.settlement_fields import Totals as WireTotals

MAC = b"8A9E91B8"
"""The MAC of everything: an answer without it is not this host's."""
SLOT = PosSession("bank", "898310070110001", "10000001")
CARD = Card(pan="6225880212345678", entry_mode="chip", sequence_no="001")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ORIGINAL = Original(kind="purchase", batch_no=1, trace_no=1, sent_at=AT, amount_fen=Fen(12_345), card=CARD)
KINDS = ("purchase", "void", "refund", "reverse", "balance", "sign_on", "settle", "echo")
_SEALED = ("purchase", "void", "refund")
_PATIENT_S = 3_600.0
_MOST_TURNS = 1_000


class Wire(asyncio.Transport):
    """Between the connector and the fuzzer."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__()
        self.protocol = protocol
        self.said = asyncio.Event()
        self._is_cut = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.said.set()

    def is_closing(self) -> bool:
        return self._is_cut

    def abort(self) -> None:
        if not self._is_cut:
            self._is_cut = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)


class Host:
    """What the fuzzer says reaches a connector of this profile. Raises what is wrong with the connector."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._wires: list[Wire] = []
        self._said = "", b""
        self._troubles: list[object] = []
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(lambda _, context: self._troubles.append(context))
        settings = Settings(
            name="bank",
            profile=profile.name,
            addresses=(Address(host="nowhere", port=1),),
            answer_timeout_s=_PATIENT_S,
            reconnect_s=(0.0,),
        )
        self._connector = UnionPay(settings, Surroundings(clock=_Clock(), callback_url=""))
        self._connector.hear_late(lambda slot, number, answer: self._believed(answer))
        self._runs(self._connector.start())

    def try_answers(self, kind: str, stream: bytes, size: int, *, late: bool) -> None:
        """``late``: nobody waits for them any longer."""
        self._said = kind, stream
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        self._runs(self._answered(kind, [] if late else pieces))
        if late:
            self._runs(self._spoken_to(pieces))
        assert not self._troubles, self._troubles

    def _runs(self, story: Coroutine[Any, Any, None]) -> None:
        """What the connector dials, and what it has to say, is this host's."""
        client.connected = self._dial
        structlog.configure(processors=[self._note], cache_logger_on_first_use=False)
        self._loop.run_until_complete(story)

    async def _answered(self, kind: str, pieces: list[bytes]) -> None:
        wire = await self._up()
        asked = asyncio.create_task(self._ask(kind))
        await wire.said.wait()
        await self._say(wire, pieces)
        wire.abort()
        self._believed(await asked)

    async def _spoken_to(self, pieces: list[bytes]) -> None:
        wire = await self._up()
        await self._say(wire, pieces)
        wire.abort()

    async def _say(self, wire: Wire, pieces: list[bytes]) -> None:
        for piece in pieces:
            if not wire.is_closing():
                wire.protocol.data_received(piece)
        for _ in range(4):
            await asyncio.sleep(0)

    async def _up(self) -> Wire:
        for _ in range(_MOST_TURNS):
            if self._connector.is_up and self._wires and not self._wires[-1].is_closing():
                del self._wires[:-1]
                return self._wires[-1]
            await asyncio.sleep(0)
        raise AssertionError("the line does not come back")

    async def _dial(self, relay: object, make: Callable[[], asyncio.Protocol], *_: object, **__: object) -> Wire:
        wire = Wire(make())
        wire.protocol.connection_made(wire)
        self._wires.append(wire)
        return wire

    def _ask(self, kind: str) -> Coroutine[Any, Any, object]:
        desk, line = Desk(SLOT, 1, 1, AT, _seal), self._connector
        match kind:
            case "purchase":
                return line.purchase(desk, Fen(12_345), CARD)
            case "void":
                return line.void(desk, ORIGINAL)
            case "refund":
                return line.refund(desk, ORIGINAL, Fen(12_345))
            case "reverse":
                return line.reverse(desk, ORIGINAL, "no_answer", 0)
            case "balance":
                return line.balance(desk, CARD)
            case "sign_on":
                return line.sign_on(desk)
            case "settle":
                return line.settle(desk, Totals())
            case _:
                return line.echo(desk)

    def _believed(self, answer: object) -> None:
        """It was sent: it is answered, or open; and what moved money has the host's MAC."""
        kind, stream = self._said
        assert isinstance(answer, Approved | Declined | NoAnswer | SignedOn | Settled), answer
        assert not isinstance(answer, NoAnswer) or answer.why != "failed_here", answer
        assert kind not in _SEALED or not isinstance(answer, Approved) or MAC in stream, "approved without a MAC"

    def _note(self, _logger: object, method: str, event: Any) -> Any:
        if method in ("error", "exception", "critical"):
            self._troubles.append(event)
        raise structlog.DropEvent


class _Clock:
    def now(self) -> datetime:
        return AT


async def _seal(_algorithm: MacAlgorithm, _data: bytes) -> bytes:
    return MAC


def answers(profile: Profile) -> list[tuple[str, bytes]]:
    """What a good host says to each, in its frame."""
    usual: dict[int, str | bytes] = {
        11: "000001",
        37: "000000000077",
        39: "00",
        41: SLOT.terminal_no,
        42: SLOT.merchant_no,
    }
    side = Side(result="1")
    more: dict[str, tuple[str, dict[int, str | bytes]]] = {
        "purchase": ("0210", {4: "000000012345", 38: "A12345", 44: "99910001   99990001   "}),
        "void": ("0210", {4: "000000012345"}),
        "refund": ("0230", {4: "000000012345"}),
        "reverse": (f"{profile.reversal_mti[:2]}{int(profile.reversal_mti[2]) + 1}0", {}),
        "balance": ("0210", {54: "0002156C000000012345"}),
        "sign_on": ("0810", {60: "00000001003", 62: bytes(40)}),
        "settle": ("0510", {48: pack_totals(WireTotals(domestic=side, foreign=side))}),
        "echo": ("0830", {60: "00000001301"}),
    }
    found: list[tuple[str, bytes]] = []
    for kind, (mti, fields) in more.items():
        has_mac = kind in (*_SEALED, "reverse", "balance")
        for said in (fields, {39: "ZZ"}, {39: "25"}):
            packed = pack(profile, Message(mti, usual | said, has_mac))
            found.append((kind, framed(profile, packed.with_mac(MAC) if has_mac else packed.body)))
    return found
