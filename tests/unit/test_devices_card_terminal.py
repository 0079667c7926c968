"""The card terminal without hardware: a card, its PIN encrypted, and what is said on the way there."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from yinyi.devices.device import AtCardTerminal, CardToPay, Changed, Observation
from yinyi.devices.virtual.card_terminal import Key, PlasticCard, VirtualCardTerminal
from yinyi.devices.virtual.reader import CardInTheWay
from yinyi.wire.iso8583.des import check_value, ecb_decryptor, encrypt_ecb, xor
from yinyi.wire.iso8583.pin import read_pin_block
from yinyi.wire.terminal_line import CardRoute, TakeCard

TMK, PIK = bytes(range(16)), bytes(range(16, 32))
SLOT = "bank/898999900000001/80000001"
PAN = "6299910000000010019"
BANK = CardRoute(prefixes=["62"], slot=SLOT, pin_key=encrypt_ecb(TMK, PIK), pin_key_check=check_value(PIK))
PUBLIC = CardRoute(prefixes=["99900"], slot="public/898999900000003/80000001")
KEYS: dict[str, Key] = {"E": "enter", "C": "clear", **{each: each for each in get_args(Key) if len(each) == 1}}
AWAY = CardRoute(prefixes=["629993"], slot="", taken=False)


class Bench:
    """One terminal; ``next`` is what it reports next."""

    def __init__(self, folder: Path, forgotten_after_s: float = 60.0) -> None:
        half = bytes([7] * 16)
        merchant_no, terminal_no = SLOT.split("/")[1:]
        halves = [{"component": part.hex(), "check_value": ""} for part in (half, xor(TMK, half))]
        letter = {"acquirer": "bank", "merchant_no": merchant_no, "terminal_no": terminal_no, "components": halves}
        letters = folder / "key_letters.json"
        letters.write_bytes(msgspec.json.encode([letter]))
        self.terminal = VirtualCardTerminal("card_terminal", letters, forgotten_after_s)
        self._reported: asyncio.Queue[Observation] = asyncio.Queue()
        self._running = asyncio.create_task(self.terminal.run(self._reported.put_nowait))

    def ask(self, request_id: str = "r1", within_s: float = 60.0, *routes: CardRoute) -> None:
        self.terminal.take_card(
            TakeCard(
                request_id=request_id,
                seal_key=bytes(32),
                amount_fen=1500,
                merchant_name="门诊",
                language="zh-CN",
                within_s=within_s,
                routes=list(routes or (BANK, PUBLIC, AWAY)),
            )
        )

    def type(self, keys: str) -> None:
        for key in keys:
            self.terminal.press(KEYS[key])

    async def next(self) -> Observation:
        return await asyncio.wait_for(self._reported.get(), 10)

    async def steps(self, count: int) -> list[tuple[str, int]]:
        found = [await self.next() for _ in range(count)]
        return [(each.step, each.digits) for each in found if isinstance(each, AtCardTerminal)]

    async def until_read(self) -> list[Observation]:
        """Up to the card that was read whole."""
        found = [await self.next()]
        while not isinstance(found[-1], CardToPay):
            found.append(await self.next())
        return found

    def end(self) -> None:
        self._running.cancel()


def play(folder: Path, story: Callable[[Bench], Awaitable[None]], **more: float) -> None:
    async def whole() -> None:
        bench = Bench(folder, **more)
        try:
            await story(bench)
        finally:
            bench.end()

    asyncio.run(whole())


def test_a_pin_leaves_the_pad_encrypted_for_this_session(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        assert bench.terminal.condition() == Changed("ok")
        bench.ask()
        bench.terminal.bring(PlasticCard(pan=PAN, expiry="9912"))
        bench.type("99C123456E")
        assert await bench.steps(11) == [
            ("inserted", 0), ("typing", 0), ("typing", 1), ("typing", 2), ("typing", 0),
            *(("typing", digits) for digits in range(1, 7)),
        ]  # fmt: skip
        read = await bench.next()
        assert isinstance(read, CardToPay)
        assert (read.request_id, read.slot) == ("r1", SLOT)
        card = read.read
        assert (card.pan, card.pin_key_check) == (PAN, check_value(PIK))
        assert read_pin_block(ecb_decryptor(PIK).update, card.pin_block, PAN) == "123456"
        assert PAN not in repr(read)
        assert b"123456" not in card.pin_block
        assert bench.terminal.digits == 0
        assert not bench.terminal.light, "the bank is asked first"
        bench.terminal.leave_card("r1")
        assert bench.terminal.light, "the card is to be taken"

    play(tmp_path, story)


def test_a_card_whose_issuer_wants_no_pin_is_read_at_once(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        bench.ask()
        bench.terminal.bring(PlasticCard(pan="9990000000002007", entry_mode="contactless"))
        assert await bench.steps(1) == [("tapped", 0)]
        read = await bench.next()
        assert isinstance(read, CardToPay)
        assert (read.slot, read.read.pin_block) == (PUBLIC.slot, b"")

    play(tmp_path, story)


@pytest.mark.parametrize(("size", "check"), [(8, 4), (8, 8), (16, 3), (16, 8)])
def test_a_pin_is_encrypted_under_whatever_key_the_bank_has_sent(tmp_path: Path, size: int, check: int) -> None:
    async def story(bench: Bench) -> None:
        pik = PIK[:size]
        bench.ask(
            "r1", 60.0,
            msgspec.structs.replace(BANK, pin_key=encrypt_ecb(TMK, pik), pin_key_check=check_value(pik, check)),
        )  # fmt: skip
        bench.terminal.bring(PlasticCard(pan=PAN))
        bench.type("123456E")
        read = (await bench.until_read())[-1]
        assert isinstance(read, CardToPay)
        assert read_pin_block(ecb_decryptor(pik).update, read.read.pin_block, PAN) == "123456"

    play(tmp_path, story)


@pytest.mark.parametrize(("takes", "step"), [(False, "stripe"), (True, "typing")])
def test_a_magnetic_stripe_is_refused_before_its_pin(tmp_path: Path, takes: bool, step: str) -> None:
    """Unless the acquirer takes it."""

    async def story(bench: Bench) -> None:
        bench.ask("r1", 60.0, msgspec.structs.replace(BANK, takes_stripe=takes))
        bench.terminal.bring(PlasticCard(pan=PAN, entry_mode="stripe"))
        assert await bench.steps(2) == [("inserted", 0), (step, 0)]
        assert bench.terminal.asks_pin is takes

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("pan", "routes", "said"),
    [
        ("6299930000000030019", (BANK, AWAY), "not_taken"),
        ("4111111111111111", (BANK,), "not_taken"),
        (PAN, (msgspec.structs.replace(BANK, pin_key_check=b"\0\0\0\0"),), "key_refused"),
        (PAN, (msgspec.structs.replace(BANK, slot="bank/other/80000001"),), "key_refused"),
    ],
)
def test_what_cannot_be_used_is_said(tmp_path: Path, pan: str, routes: tuple[CardRoute, ...], said: str) -> None:
    async def story(bench: Bench) -> None:
        bench.ask("r1", 60.0, *routes)
        bench.terminal.bring(PlasticCard(pan=pan))
        assert await bench.steps(2) == [("inserted", 0), (said, 0)]
        assert bench.terminal.request is None

    play(tmp_path, story)


def test_the_same_request_is_begun_once_and_another_ends_it(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        bench.ask()
        bench.terminal.bring(PlasticCard(pan=PAN))
        bench.type("12")
        bench.ask()
        assert bench.terminal.digits == 2
        bench.ask("r2")
        assert await bench.steps(6) == [
            ("inserted", 0), ("typing", 0), ("typing", 1), ("typing", 2), ("inserted", 0), ("typing", 0),
        ]  # fmt: skip
        bench.terminal.leave_card("r1")
        assert bench.terminal.asks_pin
        bench.terminal.leave_card("r2")
        assert not bench.terminal.asks_pin

    play(tmp_path, story)


def test_a_card_drawn_out_while_its_pin_is_typed_ends_it(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        bench.ask()
        bench.terminal.bring(PlasticCard(pan=PAN))
        with pytest.raises(CardInTheWay):
            bench.terminal.bring(PlasticCard(pan=PAN))
        assert bench.terminal.remove()
        assert await bench.steps(4) == [("inserted", 0), ("typing", 0), ("pulled_out", 0), ("removed", 0)]
        assert not bench.terminal.remove()
        assert not bench.terminal.light

    play(tmp_path, story)


def test_nobody_comes_and_nobody_takes_his_card(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        bench.ask("r1", 0.01)
        assert await bench.steps(1) == [("timed_out", 0)]
        bench.terminal.bring(PlasticCard(pan=PAN))
        assert await bench.steps(2) == [("inserted", 0), ("forgotten", 0)]

    play(tmp_path, story, forgotten_after_s=0.01)


def test_a_card_that_is_forgotten_is_lit_and_buzzes_until_it_is_taken(tmp_path: Path) -> None:
    """Whoever pays next with it takes it for his own, and is not buzzed at."""

    async def story(bench: Bench) -> None:
        bench.terminal.bring(PlasticCard(pan=PAN))
        assert (bench.terminal.light, bench.terminal.buzzes) == (True, False)
        bench.terminal.hurry()
        assert await bench.steps(2) == [("inserted", 0), ("forgotten", 0)]
        assert (bench.terminal.light, bench.terminal.buzzes) == (True, True)
        bench.terminal.remove()
        assert (bench.terminal.light, bench.terminal.buzzes) == (False, False)
        bench.terminal.bring(PlasticCard(pan=PAN))
        bench.terminal.hurry()
        bench.ask()
        assert not bench.terminal.buzzes
        assert bench.terminal.asks_pin

    play(tmp_path, story)


def test_a_card_at_its_bank_is_not_forgotten(tmp_path: Path) -> None:
    """Nor after a wrong PIN, until the platform says that it may be taken."""

    async def story(bench: Bench) -> None:
        bench.ask()
        bench.terminal.bring(PlasticCard(pan=PAN))
        bench.type("123456E")
        assert isinstance((await bench.until_read())[-1], CardToPay)
        bench.terminal.leave_card("r0")
        bench.ask("r2")
        assert await bench.steps(2) == [("inserted", 0), ("typing", 0)], "again, and nothing before"
        bench.type("123456E")
        assert isinstance((await bench.until_read())[-1], CardToPay)
        bench.terminal.leave_card("r2")
        assert await bench.steps(1) == [("forgotten", 0)]
        bench.terminal.leave_card("r2")
        bench.terminal.remove()
        assert await bench.steps(1) == [("removed", 0)], "it was told once"

    play(tmp_path, story, forgotten_after_s=0.01)


def test_without_a_word_a_card_is_forgotten_in_the_end(tmp_path: Path) -> None:
    async def story(bench: Bench) -> None:
        bench.ask()
        bench.terminal.bring(PlasticCard(pan=PAN))
        bench.type("123456E")
        await bench.until_read()
        bench.terminal.hurry()
        bench.terminal.hurry()
        assert await bench.steps(1) == [("forgotten", 0)]

    play(tmp_path, story)
