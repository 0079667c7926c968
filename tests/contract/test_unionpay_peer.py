"""The platform's sessions and its connector with a host that knows nothing of our codec, in both dialects.

The host and the PIN pad are written on ``pyiso8583`` and ``psec`` alone; what came is read from what it heard.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bank_dialects import DIALECTS, Doc, pin_block, theirs
from bank_lab import INPATIENT, OUTPATIENT, RICH, TERMINAL, TMKS
from bank_peer_host import PeerHost, Terminal
from line_stage import HOSPITAL, ZONE, session_with
from psec import des
from unionpay_lab import BANK, SCOPES
from wechatpay_lab import MovingClock

from yinyi.access.keys.software.config import Settings as KeySettings
from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.access.payment.unionpay.config import Address, Settings
from yinyi.access.payment.unionpay.plugin import UnionPay
from yinyi.bus.database import open_database
from yinyi.business.lines.card_vault import CardVault
from yinyi.business.lines.key_model import PosSession
from yinyi.business.lines.line_means import LineMeans
from yinyi.business.lines.session_model import (
    Approved,
    Batch,
    Card,
    Declined,
    Desk,
    LineAnswer,
    MessageState,
    NeverSent,
    NoAnswer,
    PinKey,
)
from yinyi.business.lines.sessions import PosSessions
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import Surroundings
from yinyi.kernel.secrets import Vault
from yinyi.wire.iso8583.model import KeyBytes

pytestmark = theirs
both = pytest.mark.parametrize("dialect", sorted(DIALECTS))
START_FEN = 100_000
CHIP = "9F2608AB"


@dataclass
class Hall:
    """One platform, one terminal of two merchants, and the peers' host."""

    host: PeerHost
    means: LineMeans
    connector: UnionPay
    sessions: PosSessions
    clock: MovingClock
    ids: dict[str, int]

    async def card(self, merchant_no: str = OUTPATIENT, pin: str = RICH.pin) -> Card:
        """The pad, with the TMK of this merchant, encrypts under the PIK of this sign-on."""
        wrapped = await self.sessions.pin_key(BANK, self.ids[merchant_no])
        assert isinstance(wrapped, PinKey), wrapped
        block = pin_block(des.decrypt_tdes_ecb(TMKS[merchant_no], wrapped.key), pin, RICH.pan)
        return Card(
            pan=RICH.pan,
            entry_mode="chip",
            sequence_no="001",
            chip_data=bytes.fromhex(CHIP),
            pin_block=bytes.fromhex(block),
            pin_key_check=wrapped.check_value,
        )

    async def buy(
        self, reference: str, amount_fen: int, merchant_no: str = OUTPATIENT, pin: str = RICH.pin
    ) -> LineAnswer:
        card = await self.card(merchant_no, pin)
        return await self.sessions.purchase(BANK, self.ids[merchant_no], reference, Fen(amount_fen), card)

    def heard(self) -> list[Doc]:
        """Since the last time."""
        return [self.host.heard.get_nowait() for _ in range(self.host.heard.qsize())]

    @property
    def balance_fen(self) -> int:
        return self.host.cards[RICH.pan][1]


@asynccontextmanager
async def hall(url: str, folder: Path, dialect: str, pik_bytes: KeyBytes = 16) -> AsyncGenerator[Hall]:
    terminals = {(merchant_no, TERMINAL): Terminal(TMKS[merchant_no]) for merchant_no in (OUTPATIENT, INPATIENT)}
    host = await PeerHost(DIALECTS[dialect], terminals, {RICH.pan: (RICH.pin, START_FEN)}).start()
    clock = MovingClock()
    around = Surroundings(clock=clock, callback_url="", secrets=folder)
    address = Address(host="127.0.0.1", port=host.port)
    settings = Settings(
        name=BANK,
        profile=dialect,
        addresses=(address,),
        answer_timeout_s=0.4,
        reversal_every_s=0.0,
        reconnect_s=(0.05,),
        silent_after=9,
        pik_bytes=pik_bytes,
    )
    connector, keys = UnionPay(settings, around), SoftwareKeyStore(KeySettings(), around)
    database = await open_database(url, size=4)
    means = LineMeans(
        database, {BANK: connector}, keys, CardVault(Vault({1: bytes(32)}, bytes(32))), clock, ZONE, HOSPITAL
    )
    await connector.start()
    try:
        ids = {
            merchant_no: await session_with(
                means, keys, PosSession(BANK, merchant_no, TERMINAL), SCOPES[merchant_no], _halves(TMKS[merchant_no])
            )
            for merchant_no, _ in terminals
        }
        yield Hall(host, means, connector, PosSessions(means), clock, ids)
    finally:
        await connector.stop()
        await database.close()
        await keys.stop()
        await host.stop()


def _halves(tmk: bytes) -> tuple[bytes, bytes]:
    one = bytes(range(0x10, 0x20))
    return one, bytes(a ^ b for a, b in zip(one, tmk, strict=True))


def play(
    url: str, folder: Path, dialect: str, story: Callable[[Hall], Awaitable[None]], pik_bytes: KeyBytes = 16
) -> None:
    async def whole() -> None:
        async with hall(url, folder, dialect, pik_bytes) as it:
            await story(it)

    asyncio.run(whole())


@both
def test_a_purchase_with_pin_and_mac_as_the_host_reads_it(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        answer = await it.buy("first1", 12_345)
        assert isinstance(answer, Approved)
        sign_on, purchase = it.heard()
        assert (sign_on["t"], sign_on["60"], sign_on["mac"]) == ("0800", "00000001003", "none")
        assert (purchase["t"], purchase["mac"], purchase["3"]) == ("0200", "good", "000000")
        assert (purchase["2"], purchase["4"], purchase["49"]) == (RICH.pan, "000000012345", "156")
        assert (purchase["41"], purchase["42"], purchase["11"]) == (TERMINAL, OUTPATIENT, "000002")
        assert (purchase["60"], purchase["22"], purchase["23"]) == ("2200000100050", "051", "001")
        assert (purchase["53"], purchase["55"]) == ("2600000000000000", CHIP)
        assert answer.retrieval_ref == "000000000002"
        assert it.balance_fen == START_FEN - 12_345
        assert await it.buy("wrong1", 100, pin="000000") == Declined(code="55", reason="declined")
        assert await it.buy("dear1", START_FEN) == Declined(code="51", reason="insufficient_funds")
        assert it.balance_fen == START_FEN - 12_345

    play(platform_url, tmp_path, dialect, story)


@both
@pytest.mark.parametrize(("pik_bytes", "layout"), [(8, 24), (8, 50), (16, 60), (16, 56), (16, 50), (16, 75), (16, 100)])
def test_keys_come_in_each_layout(
    platform_url: str, tmp_path: Path, dialect: str, pik_bytes: KeyBytes, layout: int
) -> None:
    async def story(it: Hall) -> None:
        it.host.layout = layout
        assert isinstance(await it.buy("first1", 100), Approved)
        sign_on, purchase = it.heard()
        assert sign_on["60"] == f"00000001{'001' if pik_bytes == 8 else '003'}"
        assert (purchase["mac"], purchase["53"]) == ("good", f"2{'0' if pik_bytes == 8 else '6'}00000000000000")
        assert await it.buy("wrong1", 100, pin="000000") == Declined(code="55")

    play(platform_url, tmp_path, dialect, story, pik_bytes)


@both
def test_a_short_pin_key_is_none_where_long_ones_are_agreed(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        it.host.layout = 24
        ready = await it.sessions.pin_key(BANK, it.ids[OUTPATIENT])
        assert isinstance(ready, NeverSent)
        assert "its PIK is of 8 bytes" in ready.detail

    play(platform_url, tmp_path, dialect, story)


@both
def test_two_merchants_on_one_terminal_have_keys_of_their_own(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        for reference, merchant_no in (("out1", OUTPATIENT), ("in1", INPATIENT), ("out2", OUTPATIENT)):
            assert isinstance(await it.buy(reference, 100, merchant_no), Approved)
        said = [(doc["42"], doc["11"]) for doc in it.heard() if doc["t"] == "0200" and doc["mac"] == "good"]
        assert said == [(OUTPATIENT, "000002"), (INPATIENT, "000002"), (OUTPATIENT, "000003")]
        outpatient, inpatient = it.host.terminals.values()
        assert not {outpatient.mak, outpatient.pik} & {inpatient.mak, inpatient.pik}

    play(platform_url, tmp_path, dialect, story)


@both
@pytest.mark.parametrize(("fault", "reason"), [("silent", "98"), ("ignored", "98"), ("wrong_mac", "A0"), ("96", "98")])
def test_what_is_in_doubt_is_reversed_once(
    platform_url: str, tmp_path: Path, dialect: str, fault: str, reason: str
) -> None:
    async def story(it: Hall) -> None:
        spoken = it.host.dialect
        it.host.behave["0200"] = [fault]
        assert isinstance(await it.buy("lost1", 7_700), NoAnswer)
        it.host.behave[spoken.reversal] = ["silent"]
        assert await it.sessions.reverse("lost1") == "in_doubt"
        assert await it.sessions.reverse("lost1") == "reversed"
        assert it.balance_fen == START_FEN
        _, purchase, first, again = it.heard()
        assert (first["t"], again["t"]) == (spoken.reversal, spoken.repeat)
        for reversal in (first, again):
            assert (reversal["mac"], reversal["39"]) == ("good", reason)
            assert [reversal[number] for number in ("2", "3", "4", "41", "42")] == [
                purchase[number] for number in ("2", "3", "4", "41", "42")
            ]
            named = reversal["90"][:10] if dialect == "cup_ascii" else f"0200{reversal['11']}"
            assert named == f"0200{purchase['11']}"
            assert not {"52", "26"} & reversal.keys(), "no PIN goes with it"
        assert isinstance(await it.buy("next1", 100), Approved)
        assert it.balance_fen == START_FEN - 100

    play(platform_url, tmp_path, dialect, story)


@both
def test_what_was_reversed_by_who_took_over_never_leaves(
    platform_url: str, tmp_path: Path, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process stood still between its number and its first byte, and was believed dead."""

    async def story(it: Hall) -> None:
        assert isinstance(await it.buy("before1", 100), Approved)
        card, seal, taken_over = await it.card(), it.means.keys.mac, list[MessageState | None]()
        it.heard()

        async def stands_still(*what: Any) -> bytes:
            if not taken_over:
                taken_over.append(None)
                it.clock.offset += timedelta(seconds=66)
                taken_over.append(await PosSessions(it.means).reverse("still1"))
            return await seal(*what)

        monkeypatch.setattr(it.means.keys, "mac", stands_still)
        answer = await it.sessions.purchase(BANK, it.ids[OUTPATIENT], "still1", Fen(7_700), card)
        assert isinstance(answer, NoAnswer)
        assert taken_over == [None, "reversed"]
        assert [doc["t"] for doc in it.heard()] == [it.host.dialect.reversal], "and no purchase after it"
        assert it.balance_fen == START_FEN - 100
        assert isinstance(await it.buy("next1", 100), Approved)

    play(platform_url, tmp_path, dialect, story)


@both
def test_a_void_in_doubt_is_reversed_under_its_own_name(platform_url: str, tmp_path: Path, dialect: str) -> None:
    """And not under that of its purchase, which stays."""

    async def story(it: Hall) -> None:
        assert isinstance(await it.buy("kept1", 7_700), Approved)
        it.host.behave["0200"] = ["silent"]
        assert isinstance(await it.sessions.void(BANK, "void1", "kept1"), NoAnswer)
        assert it.balance_fen == START_FEN
        assert await it.sessions.reverse("void1") == "reversed"
        assert it.balance_fen == START_FEN - 7_700
        *_, purchase, void, reversal = it.heard()
        assert (void["61"], reversal["61"]) == (f"000001{purchase['11']}", f"000001{void['11']}")
        named = reversal["90"][:10] if dialect == "cup_ascii" else f"0200{reversal['11']}"
        assert named == f"0200{void['11']}"

    play(platform_url, tmp_path, dialect, story)


@both
def test_given_back_and_settled(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        for reference, amount_fen in (("kept1", 1_000), ("void1", 2_000), ("part1", 3_000)):
            assert isinstance(await it.buy(reference, amount_fen), Approved)
        assert isinstance(await it.sessions.void(BANK, "void2", "void1"), Approved)
        assert isinstance(await it.sessions.refund(BANK, "part2", "part1", Fen(500)), Approved)
        assert it.balance_fen == START_FEN - 3_500
        *_, void, refund = it.heard()
        assert (void["t"], void["3"], void["61"], void["37"]) == ("0200", "200000", "000001000003", "000000000003")
        assert (refund["t"], refund["4"], refund["37"]) == ("0220", "000000000500", "000000000004")
        assert refund["61"][:12] == "000001000004"
        settled = await it.sessions.settle(BANK, it.ids[OUTPATIENT])
        assert isinstance(settled, Batch)
        assert (settled.balanced, settled.totals.debit_fen, settled.totals.credit_fen) == (True, 6_000, 2_500)
        settlement, *ends = it.heard()
        expected = [("0320", "207", "0000")] if dialect == "cup_pos" else []
        assert [(end["t"], end["60"][8:], end["48"]) for end in ends] == expected
        assert settlement["48"] == "000000006000003" + "000000002500002" + "0" + "0" * 31
        assert isinstance(await it.buy("next1", 100), Approved)
        sign_on, purchase = it.heard()
        assert (sign_on["t"], purchase["60"][2:8]) == ("0800", "000002")

    play(platform_url, tmp_path, dialect, story)


@both
def test_a_host_with_other_totals_gets_every_detail(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        amounts = range(100, 1_100, 100)
        for amount_fen in amounts:
            assert isinstance(await it.buy(f"many{amount_fen}", amount_fen), Approved)
        it.host.terminals[OUTPATIENT, TERMINAL].totals[0] += 1
        settled = await it.sessions.settle(BANK, it.ids[OUTPATIENT])
        assert isinstance(settled, Batch)
        assert (settled.balanced, settled.uploaded) == (False, 10)
        *_, settlement, first, second, end = it.heard()
        assert (settlement["t"], first["t"], second["t"], end["t"]) == ("0500", "0320", "0320", "0320")
        details = [f"00{trace_no:06}{RICH.pan:0>20}{amount_fen:012}" for trace_no, amount_fen in enumerate(amounts, 2)]
        assert first["48"] == "08" + "".join(details[:8])
        assert second["48"] == "02" + "".join(details[8:])
        assert (end["48"], end["60"][8:]) == ("0010", "202")

    play(platform_url, tmp_path, dialect, story)


@both
def test_is_anybody_there(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        desk = Desk(PosSession(BANK, OUTPATIENT, TERMINAL), 1, 7, it.clock.now())
        assert isinstance(await it.connector.echo(desk), Approved)
        (echo,) = it.heard()
        assert (echo["t"], echo["60"], echo["11"], echo["mac"]) == ("0820", "00000001301", "000007", "none")

    play(platform_url, tmp_path, dialect, story)
