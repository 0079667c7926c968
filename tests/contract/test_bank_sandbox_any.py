"""Any bytes and any order at the sandbox's bank: nothing breaks it, and its money adds up."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from bank_dialects import DIALECTS, POS, Dialect, Doc, theirs
from bank_lab import INPATIENT, OUTPATIENT, RICH, TERMINAL, TMKS, bank_of, cleared
from bank_peer import PeerClient
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from wechatpay_lab import MovingClock

from examples import examples
from yinyi.wire.iso8583.errors import Iso8583Error
from yinyi_sandbox.bank.batches import totals_of
from yinyi_sandbox.bank.clearing import clearing_file
from yinyi_sandbox.bank.sandbox import Bank

Run = Callable[[Coroutine[Any, Any, Any]], Any]
START = RICH.balance_fen
both = pytest.mark.parametrize("dialect", sorted(DIALECTS))
pytestmark = theirs


def ask(bank: Bank, dialect: Dialect, doc: Doc, mak: bytes) -> Doc:
    """Without a socket."""
    line = bank.lines[f"{dialect.name}-1"]
    width = 2 if dialect.head else 4
    frame, _, _ = line.answer(line.profile, dialect.pack(doc, mak)[width:])
    return dialect.unpack(frame[width:], mak)


def signed_on(bank: Bank, dialect: Dialect, merchant_no: str = OUTPATIENT) -> PeerClient:
    terminal = PeerClient(dialect, merchant_no, TERMINAL, TMKS[merchant_no])
    told = ask(bank, dialect, terminal.message("0800", network="003", f63="01 "), b"")
    terminal.batch_no = int(told["60"][2:8])
    terminal.take_keys(bytes.fromhex(told["62"]))
    return terminal


@pytest.mark.parametrize("dialect", list(DIALECTS.values()), ids=list(DIALECTS))
def test_no_bytes_break_it_and_none_but_a_terminals_move_money(dialect: Dialect) -> None:
    width, start = (2 if dialect.head else 4), len(dialect.head) // 2

    @given(st.data())
    def tried(data: st.DataObject) -> None:
        bank = bank_of(MovingClock())
        terminal = signed_on(bank, dialect)
        line = bank.lines[f"{dialect.name}-1"]
        good = dialect.pack(terminal.purchase_of(RICH.pan, 5, RICH.pin), terminal.mak)[width:]
        body = bytearray(good)
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(start, len(body) - 1))
            body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
        altered = data.draw(st.one_of(st.just(bytes(body)), st.binary(max_size=300)))
        problem = ""
        if altered != good:
            try:
                line.answer(line.profile, altered)
            except Iso8583Error as error:
                problem = str(error)
        assert RICH.pan not in problem
        assert on_card(bank) == START
        line.answer(line.profile, good)
        assert on_card(bank) == START - 5
        bank.store.close()

    tried()


def on_card(bank: Bank) -> int:
    card = bank.store.card(RICH.pan)
    assert card
    return card.balance_fen


class Terminals(RuleBasedStateMachine):
    """Two merchants' sessions on one terminal do whatever they like, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.bank = bank_of(MovingClock())
        self.terminals = [signed_on(self.bank, POS, merchant_no) for merchant_no in (OUTPATIENT, INPATIENT)]
        self.done: list[tuple[PeerClient, Doc, Doc]] = []

    def teardown(self) -> None:
        self.bank.store.close()

    def tell(self, terminal: PeerClient, doc: Doc) -> None:
        self.done.append((terminal, doc, ask(self.bank, POS, doc, terminal.mak)))

    @rule(which=st.integers(0, 1), amount_fen=st.integers(0, 4_000_000))
    def buy(self, which: int, amount_fen: int) -> None:
        terminal = self.terminals[which]
        self.tell(terminal, terminal.purchase_of(RICH.pan, amount_fen, RICH.pin))

    @precondition(lambda self: self.done)
    @rule(
        data=st.data(), amount_fen=st.integers(1, 4_000_000), what=st.sampled_from(["void", "refund", "undo", "again"])
    )
    def undo(self, data: st.DataObject, amount_fen: int, what: str) -> None:
        terminal, doc, told = data.draw(st.sampled_from(self.done))
        told = {"37": "0" * 12, "38": "0" * 6} | told
        made = {
            "void": lambda: terminal.void_of(doc, told),
            "refund": lambda: terminal.refund_of(doc, told, amount_fen),
            "undo": lambda: terminal.reversal_of(doc),
            "again": lambda: doc,
        }[what]()
        self.tell(terminal, made)

    @rule(which=st.integers(0, 1))
    def settle(self, which: int) -> None:
        terminal = self.terminals[which]
        here = (terminal.merchant_no, TERMINAL, terminal.batch_no)
        side = totals_of(self.bank.store.movements_in(*here)).domestic
        told = ask(
            self.bank,
            POS,
            terminal.settlement(side.debit_fen, side.debits, side.credit_fen, side.credits),
            terminal.mak,
        )
        assert told["48"][30] == "1"
        self.terminals[which] = signed_on(self.bank, POS, terminal.merchant_no)

    @invariant()
    def money_is_on_the_card_or_in_the_files(self) -> None:
        day, owed_fen = self.bank.days.today(), 0
        for merchant_no in (OUTPATIENT, INPATIENT):
            movements = self.bank.store.movements_on(merchant_no, day)
            _, sums = cleared(clearing_file(merchant_no, day, movements))
            owed_fen += int(sums[3]) - int(sums[5])
        assert on_card(self.bank) + owed_fen == START
        assert 0 <= on_card(self.bank) <= START


def test_money_is_neither_made_nor_lost() -> None:
    run_state_machine_as_test(Terminals, settings=settings(max_examples=examples(30)))
