"""The bank line end to end: sessions, connector, sockets, the sandbox's bank; in both dialects."""

from pathlib import Path
from typing import Literal

import msgspec
import pytest
from bank_lab import INPATIENT, OUTPATIENT, POOR, PUBLIC, PUBLIC_CARD, RICH, SOCIAL, TERMINAL
from unionpay_lab import BANK, Hall, play

from yinyi.access.payment.unionpay.config import TriesTold
from yinyi.business.lines.session_model import Approved, Batch, Card, Declined, LineAnswer, NeverSent, NoAnswer
from yinyi.business.lines.session_work import PIN_AGAIN, SIGNED_OFF
from yinyi.kernel.money import Fen
from yinyi.wire.iso8583.model import KeyBytes
from yinyi.wire.iso8583.working_keys import KeyLayout
from yinyi_sandbox.bank.sandbox import Pace

DIALECTS = ("cup_pos", "cup_ascii")
both = pytest.mark.parametrize("dialect", DIALECTS)


@both
def test_a_purchase_takes_its_money_once(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        before = it.bank.balance()
        answer = await it.buy("first1", 5000)
        assert isinstance(answer, Approved)
        assert answer.retrieval_ref
        assert it.bank.balance() == before - 5000

    play(platform_url, tmp_path, dialect, story)


@both
@pytest.mark.parametrize(
    ("pik_bytes", "layout"), [(8, 24), (8, 50), (16, 40), (16, 60), (16, 56), (16, 50), (16, 75), (16, 100)]
)
def test_keys_of_the_day_are_taken_in_each_layout(
    platform_url: str, tmp_path: Path, dialect: str, pik_bytes: KeyBytes, layout: KeyLayout
) -> None:
    """PIN and MAC are right under them, whatever check values they came with."""

    async def story(it: Hall) -> None:
        assert isinstance(await it.buy("first1"), Approved)
        at_bank = it.bank.bank.store.session(OUTPATIENT, TERMINAL)
        assert at_bank is not None
        assert len(at_bank.pik) == pik_bytes
        assert await it.buy("wrong1", card=await it.card(pin="000000")) == Declined(code="55")

    pace = Pace(layouts={"001" if pik_bytes == 8 else "003": layout})
    play(platform_url, tmp_path, dialect, story, pace, pik_bytes=pik_bytes)


@both
def test_two_merchants_on_one_terminal_clear_apart(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        for reference, merchant_no, amount_fen in (
            ("out1", OUTPATIENT, 1100), ("in1", INPATIENT, 2200), ("out2", OUTPATIENT, 3300),
        ):  # fmt: skip
            assert isinstance(await it.buy(reference, amount_fen, merchant_no=merchant_no), Approved)
        assert (it.amounts(OUTPATIENT), it.amounts(INPATIENT)) == ([1100, 3300], [2200])
        other = await it.card(INPATIENT)
        assert await it.buy("mixed1", 100, merchant_no=OUTPATIENT, card=other) == PIN_AGAIN

    play(platform_url, tmp_path, dialect, story)


@both
def test_what_a_bank_refuses_is_said_in_our_words(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        poor = await it.card(pan=POOR.pan, pin=POOR.pin)
        assert await it.buy("poor1", 9_000, card=poor) == Declined(code="51", reason="insufficient_funds")
        wrong = await it.card(pin="000000")
        assert await it.buy("wrong1", card=wrong) == Declined(code="55", reason="declined")
        stranger = await it.card(pan="6299910000000099999", pin="123456")
        assert isinstance(await it.buy("stranger1", card=stranger), Declined)
        stripe = Card(pan=RICH.pan, entry_mode="stripe")
        assert await it.buy("stripe1", card=stripe) == Declined(code="", reason="not_permitted")

    play(platform_url, tmp_path, dialect, story)


@both
@pytest.mark.parametrize(
    ("field", "like", "left"),
    [(63, "还可试([0-9])次", 2), (63, "([A-Z])", None), (44, "还可试([0-9])次", None), (63, "(9)次", None)],
)
def test_tries_left_are_told_where_the_host_says_them(
    platform_url: str, tmp_path: Path, dialect: str, field: Literal[44, 63], like: str, left: int | None
) -> None:
    """Whatever it says there, a wrong PIN is a wrong PIN."""

    async def story(it: Hall) -> None:
        wrong = await it.card(pin="000000")
        assert await it.buy("wrong1", card=wrong) == Declined(code="55", tries_left=left)
        standing = await it.sessions.standing("wrong1")
        assert standing is not None
        assert (standing.tries_left, standing.answer) == (left, None)
        assert isinstance(await it.buy("right1"), Approved)

    play(platform_url, tmp_path, dialect, story, tries_told=TriesTold(field=field, like=like))


@both
def test_the_public_card_and_the_social_security_card_are_routes_of_the_same_line(
    platform_url: str, tmp_path: Path, dialect: str
) -> None:
    async def story(it: Hall) -> None:
        public = await it.card(PUBLIC, pan=PUBLIC_CARD.pan, pin="")
        assert isinstance(await it.buy("public1", 700, merchant_no=PUBLIC, card=public), Approved)
        assert isinstance(await it.buy("public2", 700, card=public), Declined), "not at a bank's merchant"
        social = await it.card(pan=SOCIAL.pan, pin=SOCIAL.pin)
        assert isinstance(await it.buy("social1", 800, card=social), Approved)
        balance = await it.sessions.balance(BANK, it.by_merchant[PUBLIC], public)
        assert isinstance(balance, Approved)
        assert balance.amount_fen == it.bank.balance(PUBLIC_CARD.pan)

    play(platform_url, tmp_path, dialect, story)


@both
@pytest.mark.parametrize("fault", ["ignored", "silent", "dropped", "torn", "garbage", "foreign", "wrong_mac", "no_mac",
                                   "wrong_amount", "held"])  # fmt: skip
def test_whatever_becomes_of_an_answer_nothing_is_taken_for_nothing(
    platform_url: str, tmp_path: Path, dialect: str, fault: str
) -> None:
    async def story(it: Hall) -> None:
        await it.buy("before1", 100)
        before = it.bank.balance()
        it.bank.fault("purchase", fault)
        assert isinstance(await it.buy("lost1", 7700), NoAnswer)
        assert await it.sessions.reverse("lost1") == "reversed"
        assert it.bank.balance() == before
        assert isinstance(await it.buy("next1", 100), Approved)
        assert it.bank.balance() == before - 100
        assert it.amounts() == [100, 100], "what was reversed is not cleared"

    play(platform_url, tmp_path, dialect, story)


@both
@pytest.mark.parametrize("code", ["ZZ", "88"])
def test_a_code_that_nobody_knows_leaves_it_open(platform_url: str, tmp_path: Path, dialect: str, code: str) -> None:
    async def story(it: Hall) -> None:
        await it.buy("before1", 2_000)
        before = it.bank.balance()
        it.bank.fault("purchase", "code", code=code)
        assert isinstance(await it.buy("open1", 7_700), NoAnswer)
        it.bank.fault("reversal", "code", code=code)
        assert await it.sessions.reverse("open1") == "in_doubt"
        assert await it.sessions.reverse("open1") == "reversed"
        it.bank.fault("void", "code", code=code)
        assert isinstance(await it.sessions.void(BANK, "void1", "before1"), NoAnswer)
        assert await it.sessions.reverse("void1") == "reversed"
        it.bank.fault("refund", "code", code=code)
        assert isinstance(await it.sessions.refund(BANK, "back1", "before1", Fen(500)), NoAnswer)
        assert await it.state("back1") == "unanswered"
        assert it.bank.balance() == before

    play(platform_url, tmp_path, dialect, story)


@both
def test_what_passes_may_be_tried_again(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        it.bank.fault("purchase", "code", code="91")
        assert await it.buy("busy1") == Declined(code="91", may_retry=True)
        it.bank.fault("purchase", "silent")
        it.bank.fault("reversal", "code", code="90")
        await it.buy("lost1")
        assert await it.sessions.reverse("lost1") == "in_doubt"
        assert await it.sessions.reverse("lost1") == "reversed"

    play(platform_url, tmp_path, dialect, story)


@pytest.mark.parametrize(
    ("dialect", "has_mac", "wrong", "states"),
    [
        ("cup_pos", None, "no_mac", ["reversed"]),
        ("cup_pos", True, "no_mac", ["in_doubt", "in_doubt", "stuck"]),
        ("cup_ascii", None, "no_mac", ["in_doubt", "reversed"]),
        ("cup_ascii", None, "wrong_mac", ["in_doubt", "reversed"]),
        ("cup_ascii", False, "no_mac", ["reversed"]),
        ("cup_ascii", False, "wrong_mac", ["in_doubt", "reversed"]),
    ],
)
def test_that_there_is_no_record_closes_a_reversal_without_a_mac_only_where_that_is_agreed(
    platform_url: str, tmp_path: Path, dialect: str, has_mac: bool | None, wrong: str, states: list[str]
) -> None:
    """Or anybody on the line could say it instead of the bank, and a purchase would stand. This bank has a MAC there in
    the second dialect."""

    async def story(it: Hall) -> None:
        it.bank.fault("purchase", "ignored")
        it.bank.fault("reversal", wrong)
        await it.buy("lost1", 7_700)
        assert [await it.sessions.reverse("lost1") for _ in states] == states

    play(platform_url, tmp_path, dialect, story, no_record_has_mac=has_mac)


@both
def test_a_reversal_whose_answer_is_lost_is_repeated_and_counts_once(
    platform_url: str, tmp_path: Path, dialect: str
) -> None:
    async def story(it: Hall) -> None:
        before = it.bank.balance()
        it.bank.fault("purchase", "silent")
        it.bank.fault("reversal", "silent", count=2)
        await it.buy("lost1", 7700)
        for state in ("in_doubt", "in_doubt", "reversed"):
            assert await it.sessions.reverse("lost1") == state
        assert it.bank.balance() == before

    play(platform_url, tmp_path, dialect, story, silent_after=9)


@both
@pytest.mark.parametrize(("fault", "code"), [("signed_off", "77"), ("signed_off", "22"), ("ask_sign_on", "00")])
def test_whenever_the_host_asks_the_session_signs_on(
    platform_url: str, tmp_path: Path, dialect: str, fault: str, code: str
) -> None:
    async def story(it: Hall) -> None:
        await it.buy("before1", 100)
        it.bank.fault("purchase", fault, code=code)
        answer = await it.buy("again1", 100)
        if code == "00":
            assert isinstance(answer, Approved)
        else:
            sent_back = msgspec.structs.replace(PIN_AGAIN, code=code)
            assert answer == sent_back, "its key is gone with the sign-on"
            public = await it.card(PUBLIC, pan=PUBLIC_CARD.pan, pin="")
            it.bank.fault("purchase", fault, code=code)
            again = await it.buy("public1", 100, merchant_no=PUBLIC, card=public)
            assert isinstance(again, Approved), "without a PIN it goes once more by itself"
        assert isinstance(await it.buy("next1", 100), Approved)

    play(platform_url, tmp_path, dialect, story)


@both
def test_what_was_paid_is_voided_or_refunded(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        before = it.bank.balance()
        await it.buy("void1", 1000)
        await it.buy("refund1", 2000)
        assert isinstance(await it.sessions.void(BANK, "void2", "void1"), Approved)
        assert it.bank.balance() == before - 2000
        assert isinstance(await it.sessions.refund(BANK, "refund2", "refund1", Fen(700)), Approved)
        assert it.bank.balance() == before - 1300
        too_much = await it.sessions.refund(BANK, "refund3", "refund1", Fen(1400))
        assert isinstance(too_much, Declined)

    play(platform_url, tmp_path, dialect, story)


@both
def test_a_day_is_settled_and_the_next_one_begins(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        await it.buy("a1", 1000)
        await it.buy("b1", 2000)
        await it.sessions.refund(BANK, "b2", "b1", Fen(500))
        it.bank.fault("purchase", "silent")
        await it.buy("c1", 4000)
        batch = await it.sessions.settle(BANK, it.by_merchant[OUTPATIENT])
        assert isinstance(batch, Batch)
        assert (batch.balanced, batch.totals.debit_fen, batch.totals.credit_fen) == (True, 3000, 500)
        assert isinstance(await it.buy("next1", 100), Approved)
        standing = await it.sessions.standing("next1")
        assert standing is not None
        assert standing.batch_no == 2

    play(platform_url, tmp_path, dialect, story)


@both
def test_a_session_is_signed_off_at_the_bank_until_it_is_signed_on(
    platform_url: str, tmp_path: Path, dialect: str
) -> None:
    async def story(it: Hall) -> None:
        await it.buy("a1", 1000)
        outpatient = it.by_merchant[OUTPATIENT]
        assert isinstance(await it.sessions.sign_off(BANK, outpatient), Approved)
        at_bank = it.bank.bank.store.session(OUTPATIENT, TERMINAL)
        assert at_bank is not None
        assert (at_bank.signed_on, at_bank.batch_no) == ("", 2), "settled before"
        assert await it.sessions.pin_key(BANK, outpatient) == SIGNED_OFF
        assert isinstance(await it.sessions.refund(BANK, "a2", "a1", Fen(400)), Approved)
        assert isinstance(await it.sessions.sign_on(BANK, outpatient), Approved)
        assert isinstance(await it.buy("b1", 2000), Approved)
        assert it.amounts() == [1000, 400, 2000]

    play(platform_url, tmp_path, dialect, story)


@both
def test_an_answer_that_comes_after_the_cut_over_is_of_the_batch_before(
    platform_url: str, tmp_path: Path, dialect: str
) -> None:
    async def story(it: Hall) -> None:
        store, outpatient = it.bank.bank.store, it.by_merchant[OUTPATIENT]
        it.bank.fault("purchase", "held")
        assert isinstance(await it.buy("late1", 700), NoAnswer)
        at_bank = store.session(OUTPATIENT, TERMINAL)
        assert at_bank is not None
        store.put_session(msgspec.structs.replace(at_bank, batch_no=5, signed_on=""))
        assert isinstance(await it.sessions.sign_on(BANK, outpatient), Approved)
        assert it.bank.bank.release() == 1
        assert isinstance(await it.sessions.echo(BANK, outpatient), Approved), "which is answered after it"
        await it.sessions.settled_late()
        assert await it.state("late1") == "approved"
        assert isinstance(await it.buy("next1", 100), Approved)
        batch = await it.sessions.settle(BANK, outpatient, 1, by_statement=True)
        assert isinstance(batch, Batch)
        assert batch.totals.debit_fen == 700

    play(platform_url, tmp_path, dialect, story)


@both
def test_a_bank_that_has_gone_past_a_batch_is_followed(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        await it.buy("a1", 1000)
        store, outpatient = it.bank.bank.store, it.by_merchant[OUTPATIENT]
        at_bank = store.session(OUTPATIENT, TERMINAL)
        assert at_bank is not None
        store.put_session(msgspec.structs.replace(at_bank, batch_no=5, signed_on=""))
        assert isinstance(await it.sessions.sign_on(BANK, outpatient), Approved)
        assert isinstance(await it.buy("b1", 2000), Approved)
        assert isinstance(await it.sessions.settle(BANK, outpatient, 1), Declined), "it knows no such batch any more"
        left = await it.sessions.settle(BANK, outpatient, 1, by_statement=True)
        assert isinstance(left, Batch)
        assert (left.batch_no, left.totals.debit_fen, left.balanced) == (1, 1000, False)
        ours = await it.sessions.settle(BANK, outpatient, 5)
        assert isinstance(ours, Batch)
        assert (ours.balanced, ours.totals.debit_fen) == (True, 2000)

    play(platform_url, tmp_path, dialect, story)


@both
def test_the_other_address_is_dialled_when_one_says_nothing(platform_url: str, tmp_path: Path, dialect: str) -> None:
    async def story(it: Hall) -> None:
        public = await it.card(PUBLIC, pan=PUBLIC_CARD.pan, pin="")

        async def buy(reference: str) -> LineAnswer:
            return await it.buy(reference, 100, merchant_no=PUBLIC, card=public)

        assert isinstance(await buy("before1"), Approved)
        await it.bank.bank.lines[f"{dialect}-1"].turn("silent")
        assert isinstance(await buy("lost1"), NoAnswer)
        for _ in range(2):
            assert isinstance(await buy("held1"), NeverSent), "its reversal has no answer either"
        assert isinstance(await buy("after1"), Approved), "three were silent: the other address answers"
        assert await it.state("lost1") == "reversed"
        await it.bank.bank.lines[f"{dialect}-2"].turn("refusing")
        await it.bank.bank.lines[f"{dialect}-1"].turn("up")
        tries = 0
        while not isinstance(await buy(f"back{tries}"), Approved):
            tries += 1

    play(platform_url, tmp_path, dialect, story)
