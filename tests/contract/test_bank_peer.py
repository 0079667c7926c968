"""Terminals that know nothing of our codec live a day with the sandbox's bank, in both dialects, and every fault.

What became of the money is read from the cards and the clearing file, never from an answer alone.
"""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from bank_dialects import DIALECTS, POS, Dialect, Doc, theirs
from bank_lab import INPATIENT, OUTPATIENT, RICH, TMKS, Lab, cleared, lab
from bank_peer import PeerClient
from bank_peer_host import PeerHost, Terminal

from yinyi.wire.iso8583.working_keys import KeyLayout
from yinyi_sandbox.bank.clearing import clearing_file
from yinyi_sandbox.bank.faults import KINDS
from yinyi_sandbox.bank.model import Kind
from yinyi_sandbox.bank.sandbox import Pace

Run = Callable[[Coroutine[Any, Any, Any]], Any]
START = RICH.balance_fen
pytestmark = theirs
both = pytest.mark.parametrize("dialect", sorted(DIALECTS))


def file_of(it: Lab, merchant_no: str = OUTPATIENT) -> tuple[list[dict[str, str]], list[str]]:
    day = it.bank.days.today()
    return cleared(clearing_file(merchant_no, day, it.bank.store.movements_on(merchant_no, day)))


def stands(it: Lab, merchant_no: str = OUTPATIENT) -> list[tuple[str, str, int]]:
    """Kind, trace number and amount of what the clearing file has."""
    return [(line["kind"], line["trace_no"], int(line["amount_fen"])) for line in file_of(it, merchant_no)[0]]


@both
def test_a_day_with_the_bank(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            assert (await terminal.ask(terminal.message("0820", network="301"), b""))["39"] == "00"
            bought = terminal.purchase_of(RICH.pan, 12_345, RICH.pin)
            told = await terminal.ask(bought)
            assert (told["39"], told["mac"], told["4"], told["2"]) == ("00", "good", "000000012345", RICH.pan)
            assert it.balance() == START - 12_345
            looked = await terminal.ask(terminal.money("0200", "310000", "01", RICH.pan, 0, RICH.pin))
            assert (looked["39"], looked["54"]) == ("00", f"0002156C{START - 12_345:012}")

            voided = terminal.void_of(bought, told)
            assert (await terminal.ask(voided))["39"] == "00"
            assert it.balance() == START
            again = terminal.purchase_of(RICH.pan, 10_000, RICH.pin)
            told = await terminal.ask(again)
            back = terminal.refund_of(again, told, 4_000)
            assert (await terminal.ask(back))["39"] == "00"
            assert (await terminal.ask(terminal.refund_of(again, told, 6_001)))["39"] == "64"
            lost = terminal.purchase_of(RICH.pan, 700, RICH.pin)
            assert (await terminal.ask(lost))["39"] == "00"
            for is_again in (False, True):
                assert (await terminal.ask(terminal.reversal_of(lost, again=is_again)))["39"] == "00"
            assert it.balance() == START - 6_000

            assert stands(it) == [
                ("purchase", bought["11"], 12_345),
                ("void", voided["11"], 12_345),
                ("purchase", again["11"], 10_000),
                ("refund", back["11"], 4_000),
            ]
            assert file_of(it)[1] == [OUTPATIENT, it.bank.days.today(), "2", "22345", "2", "16345"]
            settled = await terminal.ask(terminal.settlement(22_345, 2, 16_345, 2))
            assert (settled["39"], settled["48"][30], settled["48"][61]) == ("00", "1", "1")
            assert (await terminal.ask(terminal.message("0320", network="207")))["39"] == "00"
            assert (await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin)))["39"] == "77"
            assert (await terminal.sign_on())["60"][2:8] == "000002"
            assert (await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin)))["39"] == "00"
            assert (await terminal.ask(terminal.message("0820", network="002"), b""))["39"] == "00"
            assert (await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin)))["39"] == "77"

    run(main())


@both
def test_totals_that_differ_are_uploaded(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            docs = [terminal.purchase_of(RICH.pan, amount_fen, RICH.pin) for amount_fen in range(100, 1_100, 100)]
            for doc in docs:
                assert (await terminal.ask(doc))["39"] == "00"
            settled = await terminal.ask(terminal.settlement(5_500 - 1_000, 9))
            assert (settled["39"], settled["48"][30], settled["48"][61]) == ("00", "2", "1")
            assert (await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin)))["39"] == "95", "not before the end"
            known = [(doc["11"], RICH.pan, int(doc["4"])) for doc in docs[:-1]]
            for part in (known[:8], known[8:], known[:8]):
                assert (await terminal.ask(terminal.upload(part)))["39"] == "00"
            assert (await terminal.ask(terminal.upload_end(10)))["39"] == "95", "nine came, one of the parts twice"
            end = terminal.upload_end(9)
            assert (await terminal.ask(end))["39"] == "00"
            assert (await terminal.ask(end))["39"] == "00", "its answer may have been lost"
            (batch,) = it.bank.store.batches()
            assert (batch.batch_no, batch.uploads, batch.differences) == (1, 9, (int(docs[-1]["11"]),))
            assert (batch.theirs.domestic.debit_fen, batch.ours.domestic.debit_fen) == (4_500, 5_500)
            assert (await terminal.sign_on())["60"][2:8] == "000002"
            assert file_of(it)[1][2:] == ["10", "5500", "0", "0"], "the bank clears what the bank has"

    run(main())


@both
def test_outpatients_and_inpatients_on_one_terminal(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            outpatient = await it.terminal(OUTPATIENT)
            inpatient = PeerClient(it.dialect, INPATIENT, outpatient.terminal_no, TMKS[INPATIENT]).beside(outpatient)
            assert (await inpatient.sign_on())["39"] == "00"
            assert not {outpatient.mak, outpatient.pik} & {inpatient.mak, inpatient.pik}
            for client, amount_fen in ((outpatient, 100), (inpatient, 20_000)):
                assert (await client.ask(client.purchase_of(RICH.pan, amount_fen, RICH.pin)))["39"] == "00"
            with_others_keys = inpatient.purchase_of(RICH.pan, 1, RICH.pin)
            assert (await inpatient.ask(with_others_keys, outpatient.mak))["39"] == "A0"
            assert [amount_fen for _, _, amount_fen in stands(it, OUTPATIENT)] == [100]
            assert [amount_fen for _, _, amount_fen in stands(it, INPATIENT)] == [20_000]

    run(main())


@pytest.mark.parametrize(
    ("network", "layout"), [("001", 24), ("003", 40), ("004", 60), ("004", 56), ("003", 50), ("003", 100)]
)
@both
def test_keys_of_the_day_in_each_layout(dialect: str, network: str, layout: KeyLayout, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect, pace=Pace(layouts={network: layout})) as it:
            terminal = await it.terminal(signed_on=False)
            told = await terminal.sign_on(network)
            assert len(bytes.fromhex(told["62"])) == layout
            assert (await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin)))["39"] == "00"
            first = terminal.mak
            await terminal.sign_on(network)
            assert first != terminal.mak
            assert (await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin), first))["39"] == "A0"

    run(main())


# ---- every fault, at the purchase: what the terminal hears, and what became of the money

HEARS_NOTHING = {"ignored", "silent", "dropped", "torn", "garbage"}
NO_EFFECT = {"ignored", "dropped", "code", "signed_off"}
CUTS = {"dropped", "torn"}


async def echo(terminal: PeerClient) -> Doc:
    """What comes next on this connection is its answer; everything before it has been dealt with then."""
    terminal.send(terminal.message("0820", network="301"), b"")
    return await terminal.receive()


@pytest.mark.parametrize("kind", sorted(KINDS["purchase"] - {"held", "overtaken", "garbage", "cut_over"}))
@both
def test_a_purchase_through_a_fault(dialect: str, kind: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            it.fault("purchase", kind, code="05")
            doc = terminal.send(terminal.purchase_of(RICH.pan, 500, RICH.pin))
            if kind in CUTS:
                assert bool(await terminal.hung_up()) == (kind == "torn")
            elif kind in HEARS_NOTHING:
                assert (await echo(terminal))["t"] == "0830"
            else:
                await hear(terminal, doc, kind)
            taken = kind not in NO_EFFECT
            assert it.balance() == START - 500 * taken
            assert len(stands(it)) == taken
            await undo(it, doc)

    async def hear(terminal: PeerClient, doc: Doc, kind: str) -> None:
        told = await terminal.receive()
        assert told["39"] == {"code": "05", "signed_off": "77"}.get(kind, "00")
        refused = kind in ("code", "signed_off")
        assert told["mac"] == {"wrong_mac": "wrong", "no_mac": "none"}.get(kind, "none" if refused else "good")
        assert (told["41"] == doc["41"]) == (kind != "foreign")
        assert (told["4"] == doc["4"]) == (kind != "wrong_amount")
        if kind == "twice":
            assert await terminal.receive() == told
        if terminal.dialect is POS:
            assert (told["h"][15] == "3") == (kind == "ask_sign_on"), "the header says: sign on again"
            assert told["h"][:10] == "6000000003", "the addresses are exchanged"

    async def undo(it: Lab, doc: Doc) -> None:
        """Whatever it was, a reversal over a fresh connection ends it."""
        other = await it.terminal()
        told = await other.ask(other.reversal_of(doc))
        assert told["39"] == ("00" if it.movement(doc) and kind not in NO_EFFECT else "25")
        assert it.balance() == START
        assert stands(it) == []

    run(main())


@both
def test_answers_that_are_held_come_when_they_are_told_to(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            it.fault("purchase", "held", count=3)
            docs = [terminal.send(terminal.purchase_of(RICH.pan, fen, RICH.pin)) for fen in (1, 2, 3)]
            assert (await echo(terminal))["t"] == "0830"
            assert it.balance() == START - 6
            undone = await terminal.ask(terminal.reversal_of(docs[0]))
            assert undone["39"] == "00"
            assert it.bank.release(backwards=True) == 3
            late = [await terminal.receive() for _ in docs]
            assert [told["11"] for told in late] == [doc["11"] for doc in reversed(docs)]
            assert {told["39"] for told in late} == {"00"}, "late, and of one that is undone"
            assert it.balance() == START - 5

    run(main())


@both
def test_an_answer_after_some_time_and_one_that_is_overtaken(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            it.fault("purchase", "held", ms=1)
            assert (await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin)))["39"] == "00"
            it.fault("purchase", "overtaken")
            first = terminal.send(terminal.purchase_of(RICH.pan, 2, RICH.pin))
            second = terminal.send(terminal.purchase_of(RICH.pan, 3, RICH.pin))
            assert [(await terminal.receive())["11"] for _ in range(2)] == [second["11"], first["11"]]

    run(main())


def test_bytes_that_are_no_message(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            it.fault("purchase", "garbage")
            terminal.send(terminal.purchase_of(RICH.pan, 500, RICH.pin))
            async with asyncio.timeout(20):
                body = await it.dialect.read(terminal.reader)
            assert set(body) == {0xFF}
            assert it.balance() == START - 500

    run(main())


@both
def test_the_day_ends_before_the_answer(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            before = it.bank.days.today()
            it.fault("purchase", "cut_over")
            doc = terminal.purchase_of(RICH.pan, 500, RICH.pin)
            await terminal.ask(doc)
            assert (await terminal.ask(terminal.reversal_of(doc)))["39"] == "77"
            await terminal.sign_on()
            assert (await terminal.ask(terminal.reversal_of(doc)))["39"] == "12", "of another day"
            assert it.balance() == START - 500
            lines, _ = cleared(clearing_file(OUTPATIENT, before, it.bank.store.movements_on(OUTPATIENT, before)))
            assert [line["trace_no"] for line in lines] == [doc["11"]]

    run(main())


PLACES: dict[Kind, Callable[[PeerClient], Doc]] = {
    "sign_on": lambda each: each.message("0800", network="003", f63="01 "),
    "echo": lambda each: each.message("0820", network="301"),
    "sign_off": lambda each: each.message("0820", network="002"),
    "settle": lambda each: each.settlement(0, 0),
    "balance": lambda each: each.money("0200", "310000", "01", RICH.pan, 0, RICH.pin),
}


@pytest.mark.parametrize("at", sorted(PLACES))
def test_a_code_on_demand_at_every_place(at: Kind, run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal()
            it.fault(at, "code", code="96", count=2)
            it.fault(at, "signed_off", code="22")
            mak = terminal.mak if at == "balance" else b""
            told = [(await terminal.ask(PLACES[at](terminal), mak))["39"] for _ in range(3)]
            assert told == ["96", "96", "22"]
            assert not it.bank.faults.waiting()
            assert (await terminal.ask(terminal.purchase_of(RICH.pan, 1, RICH.pin)))["39"] == "77"

    run(main())


def test_a_key_that_does_not_agree_with_its_check_value(run: Run) -> None:
    async def main() -> None:
        async with lab() as it:
            terminal = await it.terminal(signed_on=False)
            it.fault("sign_on", "wrong_check_value")
            with pytest.raises(AssertionError, match="the key is another one"):
                await terminal.sign_on()

    run(main())


@both
def test_neither_balanced_nor_not(dialect: str, run: Run) -> None:
    async def main() -> None:
        async with lab(dialect) as it:
            terminal = await it.terminal()
            it.fault("settle", "cannot_say")
            told = await terminal.ask(terminal.settlement(0, 0))
            assert (told["39"], told["48"][30]) == ("00", "3")
            told = await terminal.ask(terminal.settlement(0, 0))
            assert told["48"][30] == "1"

    run(main())


# ---- the other peer: a host, with a terminal of the same making


@both
def test_the_peers_own_host_keeps_the_same_rules(dialect: str, run: Run) -> None:
    """It is what the platform's connector is tried against, so it has to be right itself."""

    async def main(spoken: Dialect) -> None:
        tmk = TMKS[OUTPATIENT]
        host = PeerHost(spoken, {(OUTPATIENT, "1" * 8): Terminal(tmk)}, {RICH.pan: (RICH.pin, START)})
        await host.start()
        terminal = await PeerClient(spoken, OUTPATIENT, "1" * 8, tmk).connect(host.port)
        assert (await terminal.sign_on())["60"][2:8] == "000001"
        doc = terminal.purchase_of(RICH.pan, 500, RICH.pin)
        told = await terminal.ask(doc)
        assert (told["39"], told["mac"], host.cards[RICH.pan][1]) == ("00", "good", START - 500)
        assert (await terminal.ask(doc))["39"] == "94"
        assert (await terminal.ask(terminal.purchase_of(RICH.pan, 500, "000000")))["39"] == "55"
        assert (await terminal.ask(terminal.purchase_of(RICH.pan, 1), bytes(terminal.mak[::-1])))["39"] == "A0"
        host.behave["0200"] = ["silent", "wrong_mac", "96"]
        lost = terminal.send(terminal.purchase_of(RICH.pan, 7, RICH.pin))
        assert (await echo(terminal))["39"] == "00"
        assert host.cards[RICH.pan][1] == START - 507
        for is_again in (False, True):
            assert (await terminal.ask(terminal.reversal_of(lost, again=is_again)))["39"] == "00"
        assert host.cards[RICH.pan][1] == START - 500
        assert (await terminal.ask(terminal.purchase_of(RICH.pan, 9, RICH.pin)))["mac"] == "wrong"
        assert (await terminal.ask(terminal.purchase_of(RICH.pan, 9, RICH.pin)))["39"] == "96"
        settled = await terminal.ask(terminal.settlement(509, 2))
        assert settled["48"][30] == "1"
        assert (await terminal.sign_on())["60"][2:8] == "000002"
        heard = [host.heard.get_nowait()["t"] for _ in range(host.heard.qsize())]
        assert (heard[0], heard[-2:]) == ("0800", ["0500", "0800"])
        terminal.close()
        await host.stop()

    run(main(DIALECTS[dialect]))
