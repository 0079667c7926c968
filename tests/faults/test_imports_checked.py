"""What a former system hands over is checked line by line, and checking changes nothing."""

from datetime import timedelta

import asyncpg
import msgspec
import pytest
from import_stage import BALANCES, PATIENTS, Stage, card, money, person, play

from yinyi.business.identity import store as identity
from yinyi.business.identity.model import PatientRecord, Person
from yinyi.business.imports.errors import (
    HeaderWrong,
    ImportFaulty,
    ImportUnknown,
    LinesOutOfStep,
    NothingToImport,
)
from yinyi.business.imports.messages import (
    LINES_AT_ONCE,
    BeginImport,
    CheckLines,
    GetImport,
    ImportView,
    ProblemView,
    ProposeImport,
    WithdrawImport,
)
from yinyi.business.imports.model import REASONS, ImportFile
from yinyi.kernel.errors import IdempotencyConflict, Invalid

MANY = 2500
"""More than two requests carry."""


def test_a_check_says_what_there_is_and_changes_nothing(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        before = await stage.states()
        patients, balances = [person(n) for n in range(MANY)], [money(n) for n in range(MANY)]
        import_no, problems = await stage.checked(patients, [*balances[:-1], "P002499,0.00", "", " "])
        view = await stage.ask(GetImport(import_no=import_no))
        assert problems == []
        assert (view.patients, view.bindings, view.balances, view.empty_accounts) == (MANY, 2 * MANY, MANY - 1, 1)
        assert view.total_fen == sum(100 * n + 50 for n in range(MANY - 1))
        await stage.ask(WithdrawImport(import_no=import_no))
        await stage.work()
        assert await stage.states() == before
        assert await stage.waiting() == 0, "nothing of it is kept but its figures"

    play(platform_url, story)


def test_the_fingerprint_is_that_of_the_content(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async def fingerprint(patients: list[str], balances: list[str]) -> str:
            import_no, _ = await stage.checked(patients, balances)
            return (await stage.ask(GetImport(import_no=import_no))).fingerprint

        one = await fingerprint([person(1), person(2)], [money(1)])
        assert await fingerprint([person(1), person(2)], [money(1)]) == one
        others = [
            await fingerprint([person(2), person(1)], [money(1)]),
            await fingerprint([person(1), person(3)], [money(1)]),
            await fingerprint([person(1), person(2)], [money(2)]),
            await fingerprint([person(1)], [money(1)]),
        ]
        assert len({one, *others}) == 5

    play(platform_url, story)


# ---- lines by themselves: each kind of fault is in tests/unit/test_import_lines.py

SURELY_WRONG = card(7)[:-1] + ("0" if card(7)[-1] != "0" else "1")


def test_every_bad_line_is_named_with_its_field_and_reason_and_nothing_is_proposed(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        patients = [person(1), f"P2,,x,,,{SURELY_WRONG},", "P3,张明"]
        balances = [money(1), "P2,12", "P000009,1.00", "P3"]
        import_no, problems = await stage.checked(patients, balances)
        assert [(each.file, each.line, each.field, each.reason) for each in problems] == [
            ("patients", 3, "name", "missing"),
            ("patients", 3, "resident_card", "check_digit"),
            ("patients", 3, "sex", "form"),
            ("patients", 4, "line", "fields"),
            ("balances", 3, "balance_yuan", "amount"),
            ("balances", 4, "patient_no", "patient_unknown"),
            ("balances", 5, "line", "fields"),
        ]
        assert all((each.meaning, each.meaning_zh) == REASONS[each.reason] for each in problems)
        assert (await stage.ask(GetImport(import_no=import_no))).problems == 7
        with pytest.raises(ImportFaulty):
            await propose(stage, import_no, 4, 5)
        statement = "UPDATE import_run SET state = 'proposed', proposed_by = 'x', proposed_at = begun_at"
        with pytest.raises(asyncpg.CheckViolationError, match="import_run_proposed_check"):
            await stage.rows(statement)

    play(platform_url, story)


async def propose(stage: Stage, import_no: str, patients_lines: int, balances_lines: int) -> ImportView:
    return await stage.ask(
        ProposeImport(import_no=import_no, patients_lines=patients_lines, balances_lines=balances_lines)
    )


def test_what_is_said_of_bad_lines_never_says_what_stands_in_them(platform_url: str) -> None:
    """Neither the answers nor what is kept."""

    async def story(stage: Stage) -> None:
        secrets = [SURELY_WRONG, card(1), "13800000001", "GJ00000001", "张明"]
        lines = [person(1), f"P2,张明,,,13800000001,{SURELY_WRONG},GJ00000001", person(1), f"P3,张明,,,,{card(1)},"]
        import_no, problems = await stage.checked(lines, [])
        assert len(problems) == 4
        told = msgspec.json.encode(problems).decode()
        assert [secret for secret in secrets if secret in told] == []
        for table in ("import_run", "import_patient", "import_binding", "import_problem", "audit", "idempotency"):
            kept = str(await stage.rows(f"SELECT t::text FROM {table} t WHERE t::text <> $1", import_no))
            assert [each for each in secrets[:4] if each in kept] == [], table
            assert [each for each in secrets[:4] if each.encode().hex() in kept] == [], table

    play(platform_url, story)


def test_a_file_that_is_wrong_throughout_is_told_within_what_the_bus_carries(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        import_no = await stage.begin()
        message = CheckLines(
            import_no=import_no, file="patients", first_line=2, lines=["P1,,x,x,x,x,x"] * LINES_AT_ONCE
        )
        read = await stage.ask(message)
        assert {each.line for each in read.problems} == set(range(2, LINES_AT_ONCE + 2))
        assert len(read.problems) + read.untold == 6 * LINES_AT_ONCE + LINES_AT_ONCE - 1
        assert len(msgspec.json.encode(read)) < 1_000_000

    play(platform_url, story)


# ---- lines beside each other, and beside the platform


def told(problems: list[ProblemView]) -> list[tuple[int, str, str, int]]:
    return [(each.line, each.field, each.reason, each.earlier_line) for each in problems]


def test_the_same_twice_is_found_across_requests(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        lines = [person(n) for n in range(MANY)]
        lines[2400] = person(3)
        lines[2401] = f"P9,张明,,,,{card(5)},"
        lines[2402] = "P10,张明,,,,,GJ00002403;GJ00002404"
        balances = [money(n) for n in range(2000)]
        balances[1500] = money(4)
        balances[1501] = money(1502)
        _, problems = await stage.checked(lines, balances)
        assert told(problems) == [
            (2402, "patient_no", "twice", 5),
            (2403, "resident_card", "twice", 7),
            (2405, "public_card", "twice", 2404),
            (2406, "public_card", "twice", 2404),
            (1502, "patient_no", "twice", 6),
            (1504, "patient_no", "twice", 1503),
        ]

    play(platform_url, story)


def test_the_same_twice_in_one_cell_is_one(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        import_no, problems = await stage.checked(["P1,张明,,,,,GJ0001;gj0001"], [])
        assert problems == []
        assert (await stage.ask(GetImport(import_no=import_no))).bindings == 1

    play(platform_url, story)


def test_as_many_problems_are_counted_as_are_shown(platform_url: str) -> None:
    """Two numbers in one cell that both stand in an earlier line are one problem."""

    async def story(stage: Stage) -> None:
        lines = ["P1,张明,,,,,GJ0001;GJ0002", "P2,王芳,,,,,GJ0001;GJ0002"]
        import_no, problems = await stage.checked(lines, [])
        assert told(problems) == [(3, "public_card", "twice", 2)]
        assert (await stage.ask(GetImport(import_no=import_no))).problems == 1

    play(platform_url, story)


def test_who_is_on_the_platform_already_is_found(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        now = stage.it.clock.now()
        async with stage.database.transaction() as tx:
            record = PatientRecord(patient_no="P000001", name="张明", sex="male", born_on=None)
            known = await identity.keep_patient(tx, stage.vault, 1, record, now)
            document = Person(kind="resident_card", number=card(2), name="张明")
            await identity.bind(tx, stage.vault, 1, known.patient_id, document, now)
        _, problems = await stage.checked([person(1), person(2)], [money(1), money(2)])
        assert told(problems) == [(2, "patient_no", "already_here", 0), (3, "resident_card", "bound_here", 0)]

    play(platform_url, story)


def test_a_balance_may_come_for_a_patient_who_is_here_already_and_once(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.taken_over([person(1), person(2)], [money(1)])
        await stage.taken_over([person(3)], [money(2), money(3)])
        _, problems = await stage.checked([], [money(2), money(1)])
        assert told(problems) == [(2, "balance_yuan", "already_opened", 0), (3, "balance_yuan", "already_opened", 0)]

    play(platform_url, story)


# ---- files as a whole


def test_an_import_needs_a_file_and_lines_in_it(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        with pytest.raises(Invalid):
            await stage.ask(BeginImport())
        with pytest.raises(HeaderWrong):
            await stage.ask(BeginImport(balances_header="patient_no"))
        import_no, _ = await stage.checked([], ["", ""])
        with pytest.raises(NothingToImport):
            await propose(stage, import_no, 1, 3)
        with pytest.raises(ImportUnknown):
            await stage.ask(GetImport(import_no="260302-NOBODY"))

    play(platform_url, story)


def test_lines_come_in_order_all_of_them_and_once(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        import_no = await stage.begin()

        async def send(file: ImportFile, first_line: int, *lines: str, key: str = "") -> int:
            message = CheckLines(import_no=import_no, file=file, first_line=first_line, lines=list(lines))
            return (await stage.ask(message, key=key)).last_line

        assert await send("patients", 2, person(1), person(2), key="the-first-lines") == 3
        assert await send("patients", 2, person(1), person(2), key="the-first-lines") == 3
        with pytest.raises(IdempotencyConflict):
            await send("patients", 2, person(1), person(3), key="the-first-lines")
        for first_line in (2, 3, 5):
            with pytest.raises(LinesOutOfStep):
                await send("patients", first_line, person(4))
        assert await send("balances", 2, money(1)) == 2
        with pytest.raises(LinesOutOfStep):
            await send("patients", 4, person(4))
        with pytest.raises(LinesOutOfStep):
            await propose(stage, import_no, 4, 2)
        assert (await propose(stage, import_no, 3, 2)).patients == 2

    play(platform_url, story)


def test_a_file_that_was_not_announced_has_no_lines(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        import_no = await stage.begin(balances="")
        with pytest.raises(LinesOutOfStep):
            await stage.check(import_no, "balances", [money(1)])

    play(platform_url, story)


def test_the_limit_for_one_account_is_said_with_the_files(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        import_no = await stage.begin(most_fen=30_000_00)
        await stage.check(import_no, "patients", [person(1)])
        assert await stage.check(import_no, "balances", ["P000001,30000.00"]) == []
        assert (await stage.ask(GetImport(import_no=import_no))).most_fen == 30_000_00

    play(platform_url, story)


def test_drafts_that_were_left_alone_are_forgotten(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        import_no, _ = await stage.checked([person(1)], [money(1)])
        stage.it.clock.advance(timedelta(hours=23))
        await stage.begin(PATIENTS, BALANCES)
        assert (await stage.ask(GetImport(import_no=import_no))).state == "draft"
        stage.it.clock.advance(timedelta(hours=2))
        await stage.begin(PATIENTS, BALANCES)
        await stage.work()
        assert (await stage.ask(GetImport(import_no=import_no))).state == "withdrawn"
        assert await stage.waiting() == 0

    play(platform_url, story)
