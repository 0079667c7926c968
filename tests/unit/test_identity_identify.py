"""Who is in front of a terminal, by the card on its reader."""

from datetime import UTC, date, datetime

import pytest
from identity_house import HALL, HOSPITAL, WARD, House, Run, house, on_record, resident

from yinyi.bus.envelope import SessionView
from yinyi.business.identity.errors import (
    CardUnreadable,
    CheckDigitWrong,
    NoCard,
    TicketExpired,
    WindowOnly,
)
from yinyi.business.identity.messages import (
    ChoosePatient,
    GetTicket,
    Identify,
    ListCredentials,
    PreferElder,
)
from yinyi.business.identity.sessions import session_view, verify_session
from yinyi.business.identity.tickets import LIVES
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.wire import gb11643
from yinyi.wire.resident_card import encode

WANG = resident()


async def known(house: House, terminal: str = HALL) -> str:
    """Wang is on record; her card is laid; her session."""
    house.index.put(WANG, on_record(WANG, "2021000001", phone="13900000001"))
    house.readers.lay(WANG, terminal)
    answer = await house.ask(Identify(), terminal=terminal)
    assert answer.status == "known"
    return answer.session_token


def test_an_old_number_is_found_and_the_card_bound_to_it(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            session = await known(it)
            bound = (await it.ask(ListCredentials(), session=session)).credentials
            assert [(one.kind, one.number_masked) for one in bound] == [("resident_card", "*" * 14 + WANG.number[-4:])]
            assert await it.how_many("SELECT count(*) FROM patient WHERE patient_no = '2021000001'") == 1

    run(story())


def test_a_bound_card_identifies_while_the_hospital_is_away(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            await known(it)
            it.index.mishaps.append("down")
            assert (await it.ask(Identify())).status == "known"
            assert it.index.calls == ["find"]

    run(story())


@pytest.mark.parametrize("mishap", ["down", "hangs"])
def test_an_unbound_card_needs_the_hospital(platform_url: str, run: Run, mishap: str) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            it.readers.lay(WANG)
            it.index.mishaps.append("down" if mishap == "down" else "hangs")
            with pytest.raises(HospitalUnavailable):
                await it.ask(Identify())
            assert (await it.ask(Identify())).status == "first_visit"

    run(story())


def test_no_card_lies_there(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            it.readers.lay(WANG, WARD)
            with pytest.raises(NoCard):
                await it.ask(Identify(), terminal=HALL)

    run(story())


def test_an_unknown_card_is_a_first_visit_of_which_little_is_shown(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            it.readers.lay(WANG)
            answer = await it.ask(Identify())
            assert (answer.status, answer.session_token, answer.matches) == ("first_visit", "", [])
            assert answer.first_visit is not None
            assert answer.first_visit.number_tail == WANG.number[-4:]
            assert (answer.first_visit.name, answer.first_visit.born_year) == ("王*", 1991)
            ticket = await it.ask(GetTicket(ticket=answer.ticket))
            assert ticket.first_visit == answer.first_visit
            async with it.database.read() as tx:
                stored: bytes = await tx.fetchval("SELECT findings_data FROM identification_ticket")
            assert len(stored) > 100
            assert not [text for text in ("王芳", WANG.number) if text.encode() in stored]

    run(story())


def _two(it: House) -> None:
    old, new = on_record(WANG, "2015000008"), on_record(WANG, "2022000009")
    it.index.put(WANG, old, new)
    it.readers.lay(WANG)


def test_two_patients_for_one_card_are_asked_about_and_the_choice_is_kept(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            _two(it)
            answer = await it.ask(Identify())
            assert answer.status == "several"
            assert [match.number_tail for match in answer.matches] == ["0008", "0009"]
            assert {match.name_masked for match in answer.matches} == {"王*"}
            assert (await it.ask(GetTicket(ticket=answer.ticket))).matches == answer.matches
            choose = ChoosePatient(ticket=answer.ticket, choice=answer.matches[1].choice)
            first, again = await it.ask(choose), await it.ask(choose)
            assert first == again
            assert await it.how_many("SELECT count(*) FROM patient_session WHERE ended_at IS NULL") == 1
            await it.ask(ListCredentials(), session=first.session_token)
            assert (await it.ask(Identify())).status == "known"
            assert await it.how_many("SELECT patient_no::int FROM patient") == 2022000009

    run(story())


def test_a_ticket_is_good_at_its_terminal_for_five_minutes_and_for_its_own_choices(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            _two(it)
            answer = await it.ask(Identify())
            choice = answer.matches[0].choice
            for message, terminal in (
                (ChoosePatient(ticket=answer.ticket, choice=choice), WARD),
                (ChoosePatient(ticket=answer.ticket, choice="another"), HALL),
                (ChoosePatient(ticket="' OR true --", choice=choice), HALL),
            ):
                with pytest.raises(TicketExpired):
                    await it.ask(message, terminal=terminal)
            it.clock.instant += LIVES
            with pytest.raises(TicketExpired):
                await it.ask(ChoosePatient(ticket=answer.ticket, choice=choice))
            await it.ask(Identify())
            assert await it.how_many("SELECT count(*) FROM identification_ticket") == 1

    run(story())


def test_one_record_under_another_name_is_asked_about_not_taken(platform_url: str, run: Run) -> None:
    """A document number mistyped at a window must not open somebody else's record."""

    async def story() -> None:
        async with house(platform_url) as it:
            it.index.put(WANG, on_record(WANG, "2021000001", name="李强"))
            it.readers.lay(WANG)
            answer = await it.ask(Identify())
            assert answer.status == "several"
            assert [match.name_masked for match in answer.matches] == ["李*"]
            assert await it.how_many("SELECT count(*) FROM credential") == 0

    run(story())


NOT_VALID = [
    resident(number=WANG.number[:-1] + "1"),
    resident(born_on=date(1991, 4, 17)),
    resident(number="91" + WANG.number[2:]),
    resident(number=""),
    resident(form="hmt", nation="", number=WANG.number),
    resident(form="permanent_2023", nation="", address="", authority="", number=WANG.number),
    resident(form="permanent_2017", nation="", address="", authority="1500", number=WANG.number[:15]),
]


def test_a_number_that_is_not_valid_goes_to_a_window(platform_url: str, run: Run) -> None:
    """A wrong check digit, another birth date than on the card, the number of another kind of card."""

    async def story() -> None:
        async with house(platform_url) as it:
            for card in NOT_VALID:
                it.readers.lay(card)
                with pytest.raises(CheckDigitWrong) as refused:
                    await it.ask(Identify())
                assert WANG.number[6:14] not in refused.value.detail
            assert it.index.calls == []

    run(story())


def test_a_block_that_cannot_be_read_says_so(platform_url: str, run: Run) -> None:
    unnamed, null = encode(resident(name="")), encode(resident(name="王\x00芳"))

    async def story() -> None:
        async with house(platform_url) as it:
            for block in (b"", b"\xff" * 256, encode(WANG)[:-1], unnamed, null):
                it.readers.blocks[HALL] = block
                with pytest.raises(CardUnreadable):
                    await it.ask(Identify())

    run(story())


HOSTILE = ["刘䶮", "赵㛃", "周𠅤文", "<b>王</b>&amp;", "');DROP TABLE--", "Robert'); --", "{{7*7}}${7}%s"]


def test_rare_and_hostile_names_are_kept_as_they_are(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            for sequence, name in enumerate(HOSTILE):
                card = resident(name=name, sequence=sequence)
                it.index.put(card, on_record(card, f"20200{sequence}"))
                it.readers.lay(card)
                assert (await it.ask(Identify())).status == "known"
            async with it.database.read() as tx:
                rows = await tx.fetch("SELECT name FROM patient ORDER BY patient_id")
            assert [row["name"] for row in rows] == HOSTILE

    run(story())


ELSEWHERE = {
    "hmt_resident_card": resident(
        form="hmt", nation="", travel_permit="12345678", number=gb11643.number_of("830000", WANG.born_on, 42)
    ),
    "permanent_resident_card of 2017": resident(
        form="permanent_2017",
        nation="",
        address="",
        name="",
        name_en="ROY, MARIE",
        authority="1500",
        number="CAN110091041601",
    ),
    "permanent_resident_card of 2023": resident(
        form="permanent_2023", nation="", address="", authority="", number=gb11643.number_of("911124", WANG.born_on, 42)
    ),
}


def test_residents_from_elsewhere_are_found_by_their_cards(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            for kind, card in ELSEWHERE.items():
                it.index.records[kind.split()[0], card.number] = [on_record(card, f"2023-{len(kind)}")]
                it.readers.lay(card)
                assert (await it.ask(Identify())).status == "known"
            assert await it.how_many("SELECT count(*) FROM credential") == len(ELSEWHERE)

    run(story())


def test_a_first_visit_says_which_document_it_comes_by(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            for kind, card in ELSEWHERE.items():
                it.readers.lay(card)
                found = (await it.ask(Identify())).first_visit
                assert found is not None
                assert found.kind == kind.split()[0]

    run(story())


def test_a_card_that_has_run_out_identifies_whom_it_did_but_nobody_new(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            it.readers.lay(resident(valid_to=date(2026, 11, 22)))
            with pytest.raises(WindowOnly):
                await it.ask(Identify())
            it.index.put(WANG, on_record(WANG, "2021000001"))
            assert (await it.ask(Identify())).status == "known"

    run(story())


def test_a_card_is_valid_to_the_end_of_its_last_day_in_the_hospital(platform_url: str, run: Run) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            it.readers.lay(resident(valid_to=date(2026, 11, 23)))
            it.clock.instant = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)
            assert (await it.ask(Identify())).status == "first_visit"
            it.clock.instant = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
            with pytest.raises(WindowOnly):
                await it.ask(Identify())

    run(story())


def test_large_print_is_offered_from_65_until_answered(platform_url: str, run: Run) -> None:
    old = resident(born=date(1961, 11, 23), sequence=7)

    async def story() -> None:
        async with house(platform_url) as it:
            it.index.put(old, on_record(old, "2016000002"))
            it.readers.lay(old)
            answer = await it.ask(Identify())
            assert (await seen(it, answer.session_token)).offer_elder
            await it.ask(PreferElder(elder=True), session=answer.session_token)
            again = await it.ask(Identify())
            view = await seen(it, again.session_token)
            assert not view.offer_elder
            assert (view.elder, view.age, view.name_masked, view.patient_no_tail) == (True, 65, "王*", "0002")
            await it.ask(PreferElder(elder=False), session=again.session_token)
            later = await seen(it, (await it.ask(Identify())).session_token)
            assert (later.elder, later.offer_elder) == (False, False), "whoever said no is not asked again"

    run(story())


async def seen(it: House, token: str) -> SessionView:
    """What screens show of this session."""
    async with it.database.read() as tx:
        facts = await verify_session(tx, HOSPITAL, token, HALL, it.clock.now())
    assert facts is not None
    return session_view(facts, it.clock.now().date())


def test_nothing_personal_is_written_in_the_clear_or_logged(
    platform_url: str, run: Run, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with house(platform_url) as it:
            await known(it)
            async with it.database.read() as tx:
                rows = [
                    str(dict(row))
                    for table in ("credential", "identification_ticket", "patient_session", "patient")
                    for row in await tx.fetch(f"SELECT t::text FROM {table} t")
                ]
            assert len(rows) == 3
            number, phone = WANG.number, "13900000001"
            hidden = [number, phone, number.encode().hex(), phone.encode().hex()]
            assert not [row for row in rows if any(secret in row for secret in hidden)]

    run(story())
    assert WANG.number not in capsys.readouterr().out + caplog.text
