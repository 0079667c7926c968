"""The sandbox's bank keeps a bank's rules: whom it believes, which cards it takes, what it undoes and what not."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from bank_dialects import ASCII, DIALECTS, Doc, pin_block, theirs
from bank_lab import INPATIENT, OUTPATIENT, POOR, PUBLIC, PUBLIC_CARD, RICH, SOCIAL, TERMINAL, TMKS, Lab, lab
from bank_peer import PeerClient

from yinyi_sandbox.bank.cards import CARDS, with_check_digit
from yinyi_sandbox.bank.model import Card

Run = Callable[[Coroutine[Any, Any, Any]], Any]
START = RICH.balance_fen
both = pytest.mark.parametrize("dialect", sorted(DIALECTS))
pytestmark = theirs


async def code(terminal: PeerClient, doc: Doc, mak: bytes | None = None) -> str:
    return (await terminal.ask(doc, mak))["39"]


async def bought(terminal: PeerClient, amount_fen: int = 500) -> tuple[Doc, Doc]:
    doc = terminal.purchase_of(RICH.pan, amount_fen, RICH.pin)
    told = await terminal.ask(doc)
    assert told["39"] == "00"
    return doc, told


async def next_day(it: Lab, terminal: PeerClient, days: int = 1) -> None:
    it.clock.offset += timedelta(days=days)
    assert (await terminal.sign_on())["39"] == "00"


# ---- whom it believes


@both
def test_only_a_message_with_a_right_mac_moves_money(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            for mak in (b"", bytes(terminal.mak[::-1])):
                told = await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin), mak)
                assert (told["39"], told["mac"]) == ("A0", "none")
            doc, _ = await bought(terminal)
            assert await code(terminal, terminal.reversal_of(doc), b"") == "A0"
            assert it.balance() == START - 500
            assert await code(terminal, terminal.settlement(500, 1), bytes(terminal.mak[::-1])) == "A0"
            assert it.bank.store.batches() == []

    run(main())


def test_strangers(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            doc = terminal.purchase_of(RICH.pan, 1, RICH.pin)
            assert await code(terminal, doc | {"41": "80000099"}) == "97"
            assert await code(terminal, doc | {"42": "898999900009999"}) == "03"
            assert await code(terminal, doc | {"42": INPATIENT}) == "77", "it has not signed on there"
            assert await code(terminal, doc | {"3": "123456"}) == "40"
            assert await code(terminal, terminal.message("0800", network="370"), b"") == "40"
            assert it.balance() == START

    run(main())


@both
def test_a_sign_on_is_good_for_its_batch_and_its_day(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal(signed_on=False)
            assert (
                await code(terminal, terminal.purchase_of(RICH.pan, 1), bytes(range(terminal.dialect.mak_bytes)))
                == "77"
            )
            await terminal.sign_on()
            terminal.batch_no = 2
            assert await code(terminal, terminal.purchase_of(RICH.pan, 1, RICH.pin)) == "77"
            await terminal.sign_on()
            await bought(terminal)
            it.clock.offset += timedelta(days=1)
            assert await code(terminal, terminal.purchase_of(RICH.pan, 1, RICH.pin)) == "77"
            await terminal.sign_on()
            await bought(terminal)
            it.bank.days.cut_over()
            assert await code(terminal, terminal.purchase_of(RICH.pan, 1, RICH.pin)) == "77"
            assert it.balance() == START - 1_000

    run(main())


def test_a_trace_number_is_used_once_in_a_batch(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            doc, _ = await bought(terminal)
            assert await code(terminal, doc) == "94"
            assert await code(terminal, terminal.reversal_of(doc)) == "00"
            assert await code(terminal, doc) == "94", "what is undone stays undone"
            assert it.balance() == START
            assert await code(terminal, terminal.settlement(0, 0)) == "00"
            await terminal.sign_on()
            terminal.trace_no = int(doc["11"]) - 1
            await bought(terminal)

    run(main())


# ---- which cards it takes


def test_a_wrong_pin_is_borne_twice(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            told = await terminal.ask(terminal.purchase_of(RICH.pan, 1, "000000"))
            assert (told["39"], told["63"]) == ("55", "CUP密码错，还可试2次")
            await bought(terminal)
            codes = [await code(terminal, terminal.purchase_of(RICH.pan, 1, pin)) for pin in ("0000", "1111", "222222")]
            assert codes == ["55", "55", "75"], "a right one begins anew"
            assert await code(terminal, terminal.purchase_of(RICH.pan, 1, RICH.pin)) == "75"
            assert it.balance() == START - 500

    run(main())


def test_a_pin_that_cannot_be_read_or_is_not_there(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            doc = terminal.purchase_of(RICH.pan, 1, RICH.pin)
            assert await code(terminal, doc | {"52": pin_block(bytes(range(16)), RICH.pin, RICH.pan)}) == "99"
            doc = terminal.purchase_of(RICH.pan, 1, RICH.pin)
            assert await code(terminal, doc | {"53": "1600000000000000"}) == "99", "the card number is in it"
            assert await code(terminal, terminal.purchase_of(RICH.pan, 1)) == "55"
            near = terminal.purchase_of(RICH.pan, 100_000) | {"22": "072"}
            assert await code(terminal, near) == "00", "held to the reader, and little"
            near = terminal.purchase_of(RICH.pan, 100_001) | {"22": "072"}
            assert await code(terminal, near) == "55"
            card = it.bank.store.card(RICH.pan)
            assert card
            assert (card.tries_left, card.balance_fen) == (3, START - 100_000)

    run(main())


@pytest.mark.parametrize(
    ("merchant_no", "card", "amount_fen", "changed", "expected"),
    [
        (OUTPATIENT, RICH, 1, {"2": "6299910000000010026"}, "14"),
        (OUTPATIENT, PUBLIC_CARD, 1, {}, "31"),
        (PUBLIC, RICH, 1, {}, "31"),
        (PUBLIC, PUBLIC_CARD, 1, {}, "00"),
        (PUBLIC, PUBLIC_CARD, 30_001, {}, "51"),
        (OUTPATIENT, SOCIAL, 1, {}, "00"),
        (OUTPATIENT, POOR, 8_000, {}, "00"),
        (OUTPATIENT, POOR, 8_001, {}, "51"),
        (OUTPATIENT, RICH, 0, {}, "13"),
        (OUTPATIENT, RICH, 1, {"22": "012"}, "58"),
    ],
)
@both
def test_which_card_pays_where(
    dialect: str, merchant_no: str, card: Card, amount_fen: int, changed: Doc, expected: str, run: Run
) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal(merchant_no)
            doc = terminal.purchase_of(card.pan, amount_fen, card.pin) | changed
            told = await terminal.ask(doc)
            assert told["39"] == expected
            assert told["mac"] == ("good" if expected == "00" else "none")
            assert it.balance(card.pan) == card.balance_fen - amount_fen * (expected == "00")

    run(main())


def test_a_card_that_has_expired(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            it.bank.store.put_card(msgspec.structs.replace(RICH, expires=f"{it.clock.now():%y%m}"))
            await bought(terminal)
            await next_day(it, terminal, days=32)
            assert await code(terminal, terminal.purchase_of(RICH.pan, 1, RICH.pin)) == "54"

    run(main())


def test_the_demos_cards_have_check_digits_and_different_banks() -> None:
    assert all(with_check_digit(card.pan[:-1]) == card.pan for card in CARDS)
    assert with_check_digit("7992739871") == "79927398713", "the standard's own example"
    assert len({card.pan[:6] for card in CARDS}) == len({card.issuer for card in CARDS}) == 4


# ---- what it undoes


@both
def test_a_void_is_of_today_whole_and_once(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            doc, told = await bought(terminal)
            void = terminal.void_of(doc, told)
            assert await code(terminal, void | {"4": f"{499:012}"}) == "64"
            assert await code(terminal, terminal.void_of(doc, told) | {"2": SOCIAL.pan}) == "25"
            assert await code(terminal, terminal.void_of(doc, told | {"37": "000000999999"})) == "25"
            assert it.balance() == START - 500
            void = terminal.void_of(doc, told)
            assert await code(terminal, void) == "00"
            assert await code(terminal, terminal.void_of(doc, told)) == "12"
            assert await code(terminal, terminal.reversal_of(doc)) == "12", "the purchase is voided"
            misnamed = terminal.reversal_of(void) | {"61": void["61"]}
            assert await code(terminal, misnamed) == "30", "61 names the purchase, and not what is undone"
            assert it.balance() == START
            assert await code(terminal, terminal.reversal_of(void)) == "00"
            assert it.balance() == START - 500, "a void that is undone leaves the purchase"
            void = terminal.void_of(doc, told)
            assert await code(terminal, void) == "00", "which can be voided"
            assert it.balance() == START
            assert await code(terminal, terminal.reversal_of(void)) == "00"
            await next_day(it, terminal)
            assert await code(terminal, terminal.void_of(doc, told)) == "12"
            assert it.balance() == START - 500

    run(main())


def test_a_void_cannot_be_undone_when_the_money_is_gone(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            doc = terminal.purchase_of(POOR.pan, 8_000, POOR.pin)
            void = terminal.void_of(doc, await terminal.ask(doc))
            assert await code(terminal, void) == "00"
            assert await code(terminal, terminal.purchase_of(POOR.pan, 1, POOR.pin)) == "00"
            assert await code(terminal, terminal.reversal_of(void)) == "51"
            assert it.balance(POOR.pan) == 7_999

    run(main())


@both
def test_a_refund_names_its_purchase_and_never_gives_more(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            doc, told = await bought(terminal)
            await next_day(it, terminal, days=30)
            first = terminal.refund_of(doc, told, 200)
            assert await code(terminal, first) == "00"
            new, told_new = await bought(terminal)
            assert await code(terminal, terminal.refund_of(new, told_new, 1)) == "00"
            for undoing in (terminal.reversal_of(new), terminal.void_of(new, told_new)):
                assert await code(terminal, undoing) == "12", "a part of it is back already"
            assert await code(terminal, terminal.refund_of(new, told_new, 499)) == "00"
            assert await code(terminal, terminal.reversal_of(first)) == "12", "a refund cannot be reversed"
            assert await code(terminal, terminal.refund_of(doc, told, 301)) == "64"
            undated = terminal.refund_of(doc, told, 100)
            assert await code(terminal, undated | {"61": f"{0:012}0000"}) == "00"
            wrong = {"61": {"61": f"{undated['61'][:-4]}0101"}, "2": {"2": SOCIAL.pan}, "37": {"37": "000000999999"}}
            for changed in wrong.values():
                assert await code(terminal, terminal.refund_of(doc, told, 1) | changed) == "25"
            other = PeerClient(it.dialect, INPATIENT, TERMINAL, TMKS[INPATIENT]).beside(terminal)
            await other.sign_on()
            assert await code(other, other.refund_of(doc, told, 1)) == "25", "another merchant's"
            assert await code(terminal, terminal.refund_of(doc, told, 200)) == "00"
            assert await code(terminal, terminal.refund_of(doc, told, 1)) == "64"
            assert it.balance() == START
            await next_day(it, terminal)
            assert await code(terminal, terminal.refund_of(doc, told, 1)) == "12", "too old"

    run(main())


@both
def test_a_reversal_that_overtakes_its_purchase_keeps_it_out(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            doc = terminal.purchase_of(RICH.pan, 500, RICH.pin)
            assert await code(terminal, terminal.reversal_of(doc)) == "25"
            assert await code(terminal, doc) == "94"
            assert await code(terminal, terminal.reversal_of(doc)) == "25"
            assert it.balance() == START

    run(main())


@both
def test_a_reversal_is_of_what_it_says_and_of_today(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            doc, _ = await bought(terminal)
            reversal = terminal.reversal_of(doc)
            assert await code(terminal, reversal | {"4": f"{499:012}"}) == "64"
            assert await code(terminal, reversal | {"2": SOCIAL.pan}) == "25"
            if terminal.dialect is ASCII:
                assert await code(terminal, reversal | {"90": f"0100{reversal['90'][4:]}"}) == "25"
            declined = terminal.purchase_of(RICH.pan, 0, RICH.pin)
            assert await code(terminal, declined) == "13"
            assert await code(terminal, terminal.reversal_of(declined)) == "25"
            assert it.balance() == START - 500
            undone, _ = await bought(terminal, 7)
            assert await code(terminal, terminal.reversal_of(undone)) == "00"
            await next_day(it, terminal)
            assert await code(terminal, terminal.reversal_of(doc)) == "12"
            assert await code(terminal, terminal.reversal_of(undone, again=True)) == "00", "it is undone already"
            assert it.balance() == START - 500
            movement = it.movement(undone)
            assert movement
            assert movement.reversals == 2

    run(main())


def test_what_is_settled_is_not_reversed(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            doc, _ = await bought(terminal)
            assert (await terminal.ask(terminal.settlement(500, 1)))["48"][30] == "1"
            await terminal.sign_on()
            assert await code(terminal, terminal.reversal_of(doc)) == "12"
            assert it.balance() == START - 500

    run(main())


# ---- settlement


@both
def test_a_settlement_whose_answer_was_lost_is_answered_again(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            await bought(terminal)
            it.fault("settle", "silent")
            terminal.send(terminal.settlement(500, 1))
            for debit_fen, expected in ((500, "1"), (499, "2"), (500, "1")):
                told = await terminal.ask(terminal.settlement(debit_fen, 1))
                assert (told["39"], told["48"][30]) == ("00", expected)
            (batch,) = it.bank.store.batches()
            assert batch.theirs == batch.ours
            assert (await terminal.sign_on())["60"][2:8] == "000002"
            assert (await terminal.ask(terminal.settlement(0, 0)))["48"][30] == "1"

    run(main())


@both
def test_a_settlement_that_is_none(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            assert (await terminal.ask(terminal.settlement(0, 0) | {"48": "1234"}))["48"][30] == "3"
            assert await code(terminal, terminal.settlement(0, 0) | {"60": "00000009201"}) == "77"
            assert await code(terminal, terminal.upload([("000001", RICH.pan, 1)])) == "12", "nobody has asked for it"
            assert (await terminal.ask(terminal.settlement(1, 1), b""))["48"][30] == "2", "also without a MAC"
            assert await code(terminal, terminal.upload([]) | {"48": "0312"}) == "30"
            assert await code(terminal, terminal.message("0320", network="207")) == "12"
            assert (await terminal.ask(terminal.settlement(0, 0)))["48"][30] == "1", "counted again, and better"
            assert await code(terminal, terminal.message("0320", network="207")) == "00"

    run(main())
