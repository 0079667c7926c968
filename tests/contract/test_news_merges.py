"""A40: two of the hospital's numbers are one patient. What the platform keeps of both becomes one's, and where there is
money two people say so."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from holder_stage import INSTALLS, SECOND, TILL, HolderStage
from news_stage import ABOUT, SENDERS, Teller, all_seen_to, header, report, teller
from whole_stage import booked, play

from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.bus.operation import Caller
from yinyi.business.identity.messages import ListCredentials
from yinyi.business.identity.model import PatientRecord
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.news.errors import BalanceDiffers, NewsNotParked, NotMerged
from yinyi.business.news.messages import ListParkedNews
from yinyi.business.news.messages_merges import ConfirmMerge, GetMerge
from yinyi.business.payments.merged import Move, move
from yinyi.business.prepaid.messages import GetPrepaidAccount
from yinyi.business.scheduling.booking_model import BookingRules
from yinyi.business.scheduling.messages_booking import ListAppointments
from yinyi.business.terminals.messages_maintenance import EnrolFirstStaffCard
from yinyi.business.watch.messages import CheckInvariants
from yinyi.conformance.hospital.stage import Stage
from yinyi.kernel.errors import SecondPersonNeeded, SessionEnded
from yinyi.kernel.money import Fen
from yinyi.wire.hl7.codec import Segment, segment

NAME, OTHER = "欧阳春晓", "王芳"
OLD = "2016777777"
PIN = "271828"
LATEST = "SELECT state || ' ' || why FROM hospital_news ORDER BY news_no DESC LIMIT 1"
NEWS = "SELECT max(news_no) FROM hospital_news"
AUDITED = "SELECT count(*) FROM audit WHERE operation = 'news.MergePatients.v1'"
Plays = Callable[..., None]


class Merges:
    """A hospital that has found out that two of its numbers are one patient. ``led``: where a number leads."""

    def __init__(self, hospital: Any) -> None:
        self._hospital = hospital
        self.led: dict[str, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hospital, name)

    async def by_number(self, patient_no: str) -> PatientRecord | None:
        record = await self._hospital.by_number(self.led.get(patient_no, patient_no))
        own = PatientRecord(patient_no=patient_no, name=OTHER, sex="female", born_on=None)
        return record if record is not None or patient_no != OLD else own


@pytest.fixture
def plays(platform_url: str, tmp_path: Path, postgres: EmbeddedPostgres) -> Plays:
    def run(story: Callable[[HolderStage, Stage, Merges], Awaitable[None]]) -> None:
        found: list[Merges] = []

        def door(connector: Any) -> Merges:
            found.append(Merges(connector))
            return found[0]

        async def whole(stage: HolderStage, hospital: Stage) -> None:
            await story(stage, hospital, found[0])

        pays_later = BookingRules(paid="check_in")
        play(platform_url, tmp_path, postgres, whole, behind=door, news=SENDERS, booking=pays_later)

    return run


def merge(stage: HolderStage, kept: str, old: str) -> list[Segment]:
    first = header("ADT^A40", stage.line.clock.now())
    return [first, segment("PID", f3=[(kept, "", "", "", "MR")]), segment("MRG", f1=[(old, "", "", "", "MR")])]


def parted(stage: HolderStage, *numbers: str) -> list[Segment]:
    first = header("ADT^A37", stage.line.clock.now())
    return [first, *(segment("PID", f3=[(each, "", "", "", "MR")]) for each in numbers)]


async def told(stage: HolderStage, one: Teller, segments: list[Segment]) -> str:
    assert await one.tells(segments) == ("AA", "")
    await all_seen_to(stage)
    return await stage.one(LATEST)


async def balance(stage: HolderStage, patient_id: int) -> int:
    query = "SELECT coalesce(max(balance_fen), 0) FROM account_balance WHERE account = $1"
    return await stage.one(query, prepaid_account(str(patient_id)))


async def credited(stage: HolderStage, patient_id: int, fen: int) -> None:
    now = stage.line.clock.now()
    to = prepaid_account(str(patient_id))
    async with stage.line.database.transaction() as tx:
        await move(tx, Move(1, f"test:{fen}", "channel:test:1", to, Fen(fen)), now.date(), now)


def test_two_numbers_that_are_two_people_are_taken_apart_by_people(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage, numbers: Merges) -> None:
        kept = (await hospital.patient_numbers(60))[-1]
        record = await hospital.patients.by_number(kept)
        assert record is not None
        async with teller(stage) as his:
            assert await told(stage, his, parted(stage, kept, OLD)) == "done nobody_here"
            await stage.comes(stage.hall, kept, record.name)
            await stage.comes(stage.hall, OLD, record.name)
            assert await told(stage, his, parted(stage, kept, OLD)) == "done told", "nobody has put them together"
            assert await stage.one("SELECT name FROM patient WHERE patient_no = $1", OLD) == OTHER, "as the HIS has it"
            await stage.comes(stage.hall, OLD, record.name)
            numbers.led[OLD] = kept
            assert await told(stage, his, parted(stage, kept, OLD)) == "waiting StillStands", "the HIS says otherwise"
            assert await told(stage, his, merge(stage, kept, OLD)) == "done told"
            del numbers.led[OLD]
            assert await told(stage, his, parted(stage, OLD, kept)) == "parked apart"
            [parked] = (await stage.ask(Caller.STAFF, ListParkedNews(), staff=TILL)).news
            with pytest.raises(NotMerged):
                await stage.ask(Caller.STAFF, GetMerge(news_no=parked.news_no), staff=TILL)
            for wrong in ([kept], [kept, kept], [kept, OLD, kept]):
                assert await his.tells(parted(stage, *wrong)) == ("AE", "NewsUnreadable")

    plays(story)


def test_what_is_known_of_a_merged_number_follows_it(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage, numbers: Merges) -> None:
        kept = (await hospital.patient_numbers(60))[-1]
        record = await hospital.patients.by_number(kept)
        assert record is not None
        merged_id = await stage.comes(stage.hall, OLD, record.name)
        assert (await stage.hall.bound()).state == "bound"
        async with teller(stage) as his:
            assert await told(stage, his, merge(stage, kept, OLD)) == "waiting StillStands", "the HIS says otherwise"
            numbers.led[OLD] = kept
            stage.line.clock.at += timedelta(seconds=2)
            await all_seen_to(stage)
            assert await stage.one(LATEST) == "done told"
            assert await told(stage, his, merge(stage, kept, OLD)) == "done known"
            assert await told(stage, his, merge(stage, "2016888888", "2016999999")) == "waiting StillStands"
            with pytest.raises(SessionEnded):
                await stage.hall.ask(ListCredentials())
            survivor_id = await stage.comes(stage.hall, kept, record.name)
            assert survivor_id != merged_id
            assert len((await stage.hall.ask(ListCredentials())).credentials) == 1
            assert await stage.comes(stage.hall, OLD, record.name) == survivor_id, "the number leads to the other one"
            assert await his.tells(merge(stage, kept, kept)) == ("AE", "NewsUnreadable")
            assert await his.tells([*merge(stage, kept, OLD), segment("MRG", f1="3")]) == ("AE", "NewsUnreadable")
        assert await stage.one(AUDITED) == 1

    plays(story)


def test_a_booking_and_a_report_of_a_merged_number_are_the_others(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage, numbers: Merges) -> None:
        old, kept = (await hospital.patient_numbers(60))[-2:]
        record = await hospital.patients.by_number(kept)
        assert record is not None
        await stage.comes(stage.hall, old, record.name)
        number = await booked(stage.hall, hospital)
        numbers.led[old] = kept
        async with teller(stage) as systems:
            assert await told(stage, systems, merge(stage, kept, old)) == "done told"
            survivor_id = await stage.comes(stage.hall, kept, record.name)
            assert [each.booking_no for each in (await stage.hall.ask(ListAppointments())).appointments] == [number]
            late = msgspec.structs.replace(ABOUT, order_no="T2611230099", patient_no=old)
            assert await told(stage, systems, report(late, stage.line.clock.now())) == "done told"
        assert await stage.one("SELECT patient_id FROM report WHERE order_no = 'T2611230099'") == survivor_id

    plays(story)


def test_whoever_a_number_was_merged_into_is_not_merged_on(plays: Plays) -> None:
    """A namesake: news about the first number say nothing of the second one, which it leads to by now."""

    async def story(stage: HolderStage, hospital: Stage, numbers: Merges) -> None:
        third, second = (await hospital.patient_numbers(60))[-2:]
        record = await hospital.patients.by_number(second)
        assert record is not None
        await stage.comes(stage.hall, OLD, record.name)
        second_id = await stage.comes(stage.hall, second, record.name)
        third_id = await stage.comes(stage.hall, third, record.name)
        async with teller(stage) as his:
            numbers.led[OLD] = second
            assert await told(stage, his, merge(stage, third, OLD)) == "waiting StillStands", "it leads to another one"
            assert await told(stage, his, merge(stage, second, OLD)) == "done told"
            numbers.led[OLD] = third
            assert await told(stage, his, merge(stage, third, OLD)) == "parked merge"
            news_no = await stage.one(NEWS)
            seen = await stage.ask(Caller.STAFF, GetMerge(news_no=news_no), staff=TILL)
            assert (seen.merged_no, seen.merged, seen.balance_fen) == (OLD, False, 0)
            assert seen.patient_no == third
            with pytest.raises(NotMerged):
                await says(stage, "3021", ConfirmMerge(news_no=news_no, patient_no=third, balance_fen=Fen(0)))
        merged_into = "SELECT coalesce(merged_into, 0) FROM patient WHERE patient_id = $1"
        assert [await stage.one(merged_into, each) for each in (second_id, third_id)] == [0, 0]

    plays(story)


async def given_a_card(stage: HolderStage, who: str) -> None:
    """As whoever installs the platform gives one to each of the first two."""
    message = EnrolFirstStaffCard(serial=f"04A1{who}", pin=PIN, staff_id=who)
    await stage.ask(Caller.STAFF, message, staff=INSTALLS)


async def says(stage: HolderStage, who: str, message: ConfirmMerge, token: str = TILL) -> Any:
    """One of the staff, by an account and the PIN of his card."""
    if not await stage.one("SELECT count(*) FROM staff_card WHERE staff_id = $1", who):
        await given_a_card(stage, who)
    return await stage.ask(Caller.STAFF, message, staff=token, person=who, pin=PIN)


def test_where_there_is_money_two_people_say_so(plays: Plays) -> None:
    async def story(stage: HolderStage, hospital: Stage, numbers: Merges) -> None:
        kept = (await hospital.patient_numbers(60))[-1]
        merged_id = await stage.comes(stage.hall, OLD, OTHER)
        await credited(stage, merged_id, 5000)

        async def said(who: str, fen: int, patient_no: str = kept, token: str = TILL) -> Any:
            message = ConfirmMerge(news_no=news_no, patient_no=patient_no, balance_fen=Fen(fen))
            return await says(stage, who, message, token)

        async with teller(stage) as his:
            numbers.led[OLD] = kept
            assert await told(stage, his, merge(stage, kept, OLD)) == "parked merge"
            news_no = await stage.one(NEWS)
            assert [each.about for each in (await stage.ask(Caller.STAFF, ListParkedNews(), staff=TILL)).news] == [kept]
            seen = await stage.ask(Caller.STAFF, GetMerge(news_no=news_no), staff=TILL)
            assert (seen.merged_no, seen.merged_name, seen.balance_fen, seen.merged) == (OLD, OTHER, 5000, False)
            with pytest.raises(BalanceDiffers):
                await said("3021", 4000)
            with pytest.raises(NotMerged):
                await said("3021", 5000, OLD)
            del numbers.led[OLD]
            with pytest.raises(NotMerged):
                await said("3021", 5000)
            numbers.led[OLD] = kept
            assert (await said("3021", 5000)).proposed_by
            for token in (TILL, SECOND):
                with pytest.raises(SecondPersonNeeded):
                    await said("3021", 5000, token=token)
            await credited(stage, merged_id, 1)
            with pytest.raises(BalanceDiffers):
                await said("3022", 5000)
            assert (await said("3022", 5001)).proposed_by
            done = await said("3021", 5001)
            assert (done.merged, done.balance_fen) == (True, 0)
            with pytest.raises(NewsNotParked):
                await said("3021", 0)
        survivor_id = await stage.comes(stage.hall, kept, NAME)
        assert [await balance(stage, each) for each in (merged_id, survivor_id)] == [0, 5001]
        account = await stage.hall.ask(GetPrepaidAccount())
        assert [(each.kind, each.amount_fen) for each in account.entries] == [("merged", 5001)]
        await credited(stage, merged_id, 7)
        stage.line.clock.at += timedelta(minutes=1)
        assert await stage.business.news.merges.bring_after() == 1
        assert await balance(stage, survivor_id) == 5008
        checked = await stage.ask(Caller.STAFF, CheckInvariants(), staff=TILL)
        broken = {each.name for each in checked.invariants if each.violations}
        assert broken <= {"events_leave", "entries_move_as_their_kind"}, (
            "nobody publishes here, and the money is from nowhere"
        )

    plays(story)
