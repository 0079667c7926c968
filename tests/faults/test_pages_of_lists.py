"""Lists that banks, the hospital and its people ask for go on behind their last row, and end."""

from collections import deque
from datetime import timedelta

import pytest
from bank_desk import as_bank, desk, lists, open_at_bank, report
from booking_desk import TOMORROW, Desk
from booking_desk import play as play_bookings
from charge_desk import ChargeDesk
from payment_checks import play
from payment_far_side import FEE
from payment_world import ZONE, World
from prepaid_desk import desk as prepaid_desk
from prepaid_desk import opening
from queue_desk import as_staff

from yinyi.business.billing import refund_store
from yinyi.business.fiscal import store as fiscal_store
from yinyi.business.payments import at_institution, suspense, taken_lists
from yinyi.business.payments.messages_found import BookSuspense, ListSuspense
from yinyi.business.payments.messages_institution import ListGiveBacks
from yinyi.business.payments.messages_taken_list import GetTakenDay, ListTakenDifferences
from yinyi.business.payments.suspense import SuspenseDesk
from yinyi.business.payments.taken_lists import TakenLists
from yinyi.business.prepaid import charges
from yinyi.business.scheduling import bookings
from yinyi.business.scheduling.messages_booking import ListAppointments
from yinyi.kernel.errors import InvalidField
from yinyi.kernel.money import Fen


def test_orders_to_give_back(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_institution, "MOST", 2)

    async def story(it: World) -> None:
        numbers = [await open_at_bank(it) for _ in range(3)]
        for nth, number in enumerate(numbers, start=1):
            it.script.mishaps["confirm"] = deque(["refuse"])
            await report(it, number, f"B-00000{nth}")
            await it.drive(number)
        async with it.database.read() as tx:
            first = await desk(it).list(tx, as_bank(it), ListGiveBacks())
            rest = await desk(it).list(tx, as_bank(it), ListGiveBacks(after=first.next_after))
        assert ([each.payment_no for each in first.orders], first.more) == (numbers[:2], True)
        assert ([each.payment_no for each in rest.orders], rest.more, rest.next_after) == (numbers[2:], False, 0)

    play(platform_url, story)


def test_differences_of_a_banks_list(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taken_lists, "MOST", 2)

    async def story(it: World) -> None:
        references = [f"B-00000{nth}" for nth in (1, 2, 3)]
        await lists(it, *((each, "P-1234", FEE) for each in references))
        at, on, bank = TakenLists(), it.clock.now().date(), as_bank(it)
        async with it.database.read() as tx:
            first = await at.get(tx, bank, GetTakenDay(taken_on=on))
            rest = await at.get(tx, bank, GetTakenDay(taken_on=on, after=first.next_after))
            staff = await at.list(tx, bank, ListTakenDifferences(since=on, until=on))
            last = await at.list(tx, bank, ListTakenDifferences(since=on, until=on, after=staff.next_after))
            with pytest.raises(InvalidField):
                await at.get(tx, bank, GetTakenDay(taken_on=on, after="B-000002"))
        for begun, end in ((first, rest), (staff, last)):
            assert ([each.reference for each in begun.differences], begun.more) == (references[:2], True)
            assert ([each.reference for each in end.differences], end.more, end.next_after) == (
                references[2:],
                False,
                "",
            )

    play(platform_url, story)


def test_charges_of_an_institution(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charges, "SHOWN", 2)

    async def story(it: World) -> None:
        await prepaid_desk(it)
        room = ChargeDesk(it)
        await room.admit()
        await opening(it, 10_000)
        for nth in (1, 2, 3):
            await room.charge(f"C{nth}", 100)
        first = await room.balance()
        rest = await room.balance(before=first.next_before)
        assert [each.charge_no for each in first.charges] == ["C3", "C2"]
        assert ([each.charge_no for each in rest.charges], rest.next_before) == (["C1"], 0)

    play(platform_url, story)


def test_what_came_to_suspense(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suspense, "SHOWN", 2)

    async def story(it: World) -> None:
        at = SuspenseDesk(it.means.registry, ZONE)
        for nth in (1, 2, 3):
            message = BookSuspense(
                item=f"4711-{nth}",
                move="over_found",
                amount_fen=Fen(nth),
                scope="outpatient",
                channel="wechatpay",
                note="in the statement",
            )
            for who in ("operator", "supervisor"):
                async with it.database.transaction() as tx:
                    await at.book(tx, as_staff(it, who), message, None)
        async with it.database.read() as tx:
            first = await at.list(tx, as_staff(it, "operator"), ListSuspense())
            rest = await at.list(tx, as_staff(it, "operator"), ListSuspense(before=first.next_before))
        assert [each.debit_fen for each in first.entries] == [-3, -2]
        assert ([each.debit_fen for each in rest.entries], rest.next_before) == ([-1], 0)

    play(platform_url, story)


def test_bookings_of_a_patient(platform_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookings, "SHOWN", 2)

    async def story(at: Desk) -> None:
        plans = [await at.book(TOMORROW + timedelta(days=ahead)) for ahead in (0, 1, 2)]
        numbers = [each.payment_no for each in plans]
        async with at.it.database.read() as tx:
            first = await at.bookings.list(tx, at.call(), ListAppointments())
            rest = await at.bookings.list(tx, at.call(), ListAppointments(after=first.next_after))
            nobody = await at.bookings.list(tx, at.call(), ListAppointments(after="P-4711"))
        assert [each.booking_no for each in first.appointments] == numbers[:2]
        assert ([each.booking_no for each in rest.appointments], rest.next_after) == (numbers[2:], "")
        assert (nobody.appointments, nobody.next_after) == ([], "")

    play_bookings(platform_url, story)


WANTED = """
INSERT INTO invoice_refund (hospital_id, reference, payment_no, invoice_no, line_nos, amount_fen, reason, state,
  wanted_at, wanted_by, next_at, ended_at)
SELECT 1, 'L' || n, 'P1', 'I1', ARRAY[n], 1, 'r', CASE WHEN n % 2 = 0 THEN 'short' ELSE 'wanted' END,
  $1::timestamptz + n * interval '1 second', 'staff:x', CASE WHEN n % 2 = 1 THEN $1::timestamptz END,
  CASE WHEN n % 2 = 0 THEN $1::timestamptz END
FROM generate_series(1, 5) AS n
"""


@pytest.mark.parametrize("invoice_no", ["I1", ""])
def test_lines_given_back(platform_url: str, invoice_no: str) -> None:
    """Of one bill; and of all what is under way, beside what has come out short."""

    async def story(it: World) -> None:
        async with it.database.transaction() as tx:
            await tx.execute(WANTED, it.clock.now())
            seen, before = list[str](), ""
            while page := await refund_store.listed(tx, 1, invoice_no, 2, before):
                seen += [each.reference for each in page]
                before = page[-1].reference
        assert seen == ["L5", "L4", "L3", "L2", "L1"]

    play(platform_url, story)


PAID = """
INSERT INTO fiscal_invoice (hospital_id, reference, payment_no, patient_id, title, amount_fen, paid_at, state,
  wanted_at, next_at)
SELECT 1, 'R' || n, 'P' || n, 1 + n / 6, 'x', 5000, $1::timestamptz + n / 2 * interval '1 second', 'wanted',
  $1::timestamptz, $1::timestamptz
FROM generate_series(1, 6) AS n
"""


def test_receipts_of_a_patient(platform_url: str) -> None:
    """Two of them are paid in the same instant; another patient's payment leads nowhere."""

    async def story(it: World) -> None:
        since = it.clock.now() - timedelta(days=1)
        async with it.database.transaction() as tx:
            await tx.execute(PAID, it.clock.now())
            seen, before = list[str](), ""
            while page := await fiscal_store.of_patient(tx, 1, 1, since, 2, before):
                seen += [row["payment_no"] for row in page]
                before = seen[-1]
            assert await fiscal_store.of_patient(tx, 1, 1, since, 2, "P6") == []
        assert seen == ["P5", "P4", "P3", "P2", "P1"]

    play(platform_url, story)
