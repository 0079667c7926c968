"""What two people have confirmed is taken over: all of it, once, whoever is killed and whatever happens meanwhile."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from import_stage import Killed, Mortal, Stage, card, money, person, play
from payment_far_side import FEE
from test_prepaid import paid_from_account, topped_up
from watch_world import watch

from yinyi.business.identity import store as identity
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.identity.model import PatientRecord, Person
from yinyi.business.imports.errors import (
    AccountsOff,
    AnotherImport,
    CheckedTooEarly,
    FiguresDiffer,
    ImportClosed,
    SecondPersonNeeded,
)
from yinyi.business.imports.messages import GetImport, ListImports, ProposeImport, WithdrawImport
from yinyi.business.imports.model import ImportState
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid.errors import NothingOnAccount, OnlyAtWindow
from yinyi.business.prepaid.messages import GetPrepaidAccount, PrepaidAccount, Withdraw, WithdrawAtWindow
from yinyi.kernel.money import Fen

FEW = range(1, 8)
FEN = sum(100 * n + 50 for n in FEW)


def few() -> tuple[list[str], list[str]]:
    return [person(n) for n in FEW], [money(n) for n in FEW]


ALL_OF_FEW = {"patients": 7, "bindings": 14, "entries": 7, "postings": 7, "fen": FEN, "opened_fen": FEN}
NOTHING = dict.fromkeys(ALL_OF_FEW, 0)


# ---- two people


def test_nothing_is_taken_over_before_the_second_person(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        view = await stage.proposed(*few())
        await stage.work()
        assert await stage.states() == NOTHING
        view = await stage.confirm(view)
        assert (view.state, view.proposed_by, view.confirmed_by) == ("confirmed", "operator", "supervisor")
        await stage.work()
        assert await stage.states() == ALL_OF_FEW
        assert [each.state for each in (await stage.ask(ListImports())).imports] == ["done"]

    play(platform_url, story)


def test_who_has_proposed_cannot_confirm_nor_can_the_database_be_told_so(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        view = await stage.proposed(*few())
        with pytest.raises(SecondPersonNeeded):
            await stage.confirm(view, "operator")
        for by in ("confirmed_by = proposed_by, confirmed_at = begun_at", "confirmed_at = begun_at", "made = 0"):
            with pytest.raises(asyncpg.CheckViolationError):
                await stage.rows(f"UPDATE import_run SET state = 'confirmed', {by}")
        await stage.work()
        assert await stage.states() == NOTHING
        assert (await stage.confirm(view)).state == "confirmed"

    play(platform_url, story)


@pytest.mark.parametrize(
    "wrong",
    [{"patients": 8}, {"balances": 6}, {"total_fen": FEN + 1}, {"fingerprint": "0000-0000-0000-0000"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_who_says_other_figures_confirms_nothing(platform_url: str, wrong: dict[str, Any]) -> None:
    async def story(stage: Stage) -> None:
        view = await stage.proposed(*few())
        with pytest.raises(FiguresDiffer):
            await stage.confirm(view, **wrong)
        assert (await stage.ask(GetImport(import_no=view.import_no))).state == "proposed"

    play(platform_url, story)


def test_two_confirm_at_once_and_it_is_taken_over_once(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        view = await stage.proposed(*few())
        people = ["supervisor", "head of finance", "supervisor", "operator"]
        said = await asyncio.gather(*(stage.confirm(view, who) for who in people), return_exceptions=True)
        names = sorted(type(each).__name__ for each in said[:3])
        assert names == ["ImportClosed", "ImportClosed", "ImportView"]
        assert isinstance(said[3], SecondPersonNeeded | ImportClosed)
        await asyncio.gather(*(stage.work(lines=2) for _ in range(3)))
        assert await stage.states() == ALL_OF_FEW

    play(platform_url, story)


def test_one_import_at_a_time(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        first = await stage.proposed(*few())
        other, _ = await stage.checked([person(20)], [])
        ask = ProposeImport(import_no=other, patients_lines=2, balances_lines=1)
        with pytest.raises(AnotherImport):
            await stage.ask(ask)
        await stage.confirm(first)
        with pytest.raises(AnotherImport):
            await stage.ask(ask)
        await stage.work()
        with pytest.raises(CheckedTooEarly):
            await stage.ask(ask)

    play(platform_url, story)


def test_a_withdrawn_one_is_taken_over_by_nobody(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        view = await stage.proposed(*few())
        withdrawn = await stage.ask(WithdrawImport(import_no=view.import_no), "supervisor")
        assert (withdrawn.state, withdrawn.withdrawn_by) == ("withdrawn", "supervisor")
        with pytest.raises(ImportClosed):
            await stage.confirm(view)
        await stage.work(lines=2)
        assert (await stage.states(), await stage.waiting()) == (NOTHING, 0)
        confirmed = await stage.confirm(await stage.proposed(*few()))
        with pytest.raises(ImportClosed):
            await stage.ask(WithdrawImport(import_no=confirmed.import_no))

    play(platform_url, story)


def test_it_stands_in_the_audit_log_who_said_which_figures(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        view = await stage.taken_over(*few())
        rows = await stage.rows("SELECT actor, operation, detail FROM audit WHERE detail <> '{}' ORDER BY audit_id")
        assert [(row["actor"], row["operation"]) for row in rows] == [
            ("console:operator", "imports.ProposeImport.v1"),
            ("console:supervisor", "imports.ConfirmImport.v1"),
        ]
        assert all(f'"total_fen":{FEN}' in row["detail"] and view.fingerprint in row["detail"] for row in rows)

    play(platform_url, story)


# ---- all of it, once


def test_patients_bindings_and_balances_are_there_and_the_books_agree(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        view = await stage.taken_over(*few())
        assert (view.made, view.bound, view.opened, view.opened_fen, view.left_out) == (7, 14, 7, FEN, [])
        async with stage.database.read() as tx:
            for n in FEW:
                document = Person(kind="resident_card", number=card(n), name="")
                found = await identity.bound_patient(tx, stage.vault, 1, document)
                assert found is not None
                assert found.patient_no == f"P{n:06}"
                record = await identity.patient_by_no(tx, stage.vault, 1, found.patient_no)
                assert record is not None
                assert record.phone == f"138{n:08}"
                assert (await account(stage, found.patient_id)).balance_fen == 100 * n + 50
        assert await stage.it.balance("opening:former_system") == FEN
        await stage.all_is_well()

    play(platform_url, story)


async def account(stage: Stage, patient_id: int) -> PrepaidAccount:
    async with stage.database.read() as tx:
        return await stage.prepaid.get(tx, stage.patient_call(patient_id), GetPrepaidAccount())


def test_the_same_files_again_double_nothing(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.taken_over(*few())
        _, problems = await stage.checked(*few())
        assert {each.reason for each in problems} == {"already_here", "already_opened"}
        assert len(problems) == 14
        await stage.work()
        assert await stage.states() == ALL_OF_FEW

    play(platform_url, story)


def test_killed_before_every_statement_of_every_slice_and_taken_up_again(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        view = await stage.confirm(await stage.proposed(*few()))
        killed, slices, more = 0, 0, True
        while more:
            before, dies_at = await stage.states(), 1
            while True:
                try:
                    more = await stage.takeover(3, Mortal(stage.lending, dies_at)).advance()
                    break
                except Killed:
                    assert await stage.states() == before
                    killed, dies_at = killed + 1, dies_at + 1
            slices += 1
        assert await stage.states() == ALL_OF_FEW
        assert slices == 8, "three of patients, three of balances, the end, and nothing more"
        assert killed > 40
        assert (await stage.ask(GetImport(import_no=view.import_no))).state == "done"
        await stage.all_is_well()

    play(platform_url, story)


def test_a_balance_cannot_be_opened_a_second_time_by_whatever_mistake(platform_url: str) -> None:
    """The ledger itself refuses it, even where the import has forgotten how far it was."""

    async def story(stage: Stage) -> None:
        await stage.confirm(await stage.proposed(*few()))
        for _ in range(2):
            await stage.takeover().advance()
        assert await stage.states() == ALL_OF_FEW
        await stage.rows("UPDATE import_run SET opened_to = 1, opened = 0, opened_fen = 0")
        await stage.rows("UPDATE import_balance SET patient_id = NULL, opened_at = NULL")
        with pytest.raises(asyncpg.UniqueViolationError):
            await stage.takeover().advance()
        assert await stage.states() == ALL_OF_FEW

    play(platform_url, story)


def test_an_import_ends_only_with_what_was_confirmed(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.confirm(await stage.proposed(*few()))
        await stage.rows("UPDATE import_run SET opened_to = balances_lines")
        await stage.takeover().advance()
        with pytest.raises(asyncpg.CheckViolationError, match="import_run_done_check"):
            await stage.takeover().advance()

    play(platform_url, story)


def test_an_opening_with_another_amount_is_found(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.taken_over(*few())
        await stage.rows("ALTER TABLE posting DISABLE TRIGGER USER")
        await stage.rows("UPDATE posting SET amount_fen = amount_fen + 1 WHERE credit_account = 'prepaid:3'")
        found = await watch(stage.it).found(after=timedelta(minutes=1))
        assert found["openings_confirmed"] == ["opening:3"]

    play(platform_url, story)


MANY = 20_000


def test_twenty_thousand_patients_in_a_few_statements(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        patients, balances = [person(n) for n in range(MANY)], [f"P{n:06},12.34" for n in range(MANY)]
        counts: dict[str, int] = {}

        def counted(what: str) -> None:
            counts[what] = len(stage.statements)
            stage.statements.clear()

        counted("before")
        view = await stage.proposed(patients, balances)
        counted("checked")
        await stage.confirm(view)
        await stage.work()
        counted("taken over")
        assert await stage.states() == {
            "patients": MANY,
            "bindings": 2 * MANY,
            "entries": MANY,
            "postings": MANY,
            "fen": MANY * 1234,
            "opened_fen": MANY * 1234,
        }
        slices = 2 * MANY // 1000
        assert counts["checked"] < 20 * slices
        assert counts["taken over"] < 15 * slices
        await stage.all_is_well()

    play(platform_url, story)


# ---- what happens meanwhile


def test_whom_a_kiosk_puts_on_record_meanwhile_stays_as_he_is(platform_url: str) -> None:
    """He came while his line waited: his number is the hospital's, so his balance is his; a card that was bound to
    somebody else by then is left with him, and named."""

    async def story(stage: Stage) -> None:
        view = await stage.proposed(*few())
        now = stage.it.clock.now()
        async with stage.database.transaction() as tx:
            for number, document in (("P000001", card(1)), ("X1", card(2))):
                record = PatientRecord(patient_no=number, name="王芳", sex="female", born_on=None)
                known = await identity.keep_patient(tx, stage.vault, 1, record, now)
                bound = Person(kind="resident_card", number=document, name="王芳")
                await identity.bind(tx, stage.vault, 1, known.patient_id, bound, now)
        await stage.confirm(view)
        await stage.work()
        view = await stage.ask(GetImport(import_no=view.import_no))
        assert (view.state, view.made, view.bound, view.opened_fen) == ("done", 6, 13, FEN)
        [left_out] = view.left_out
        assert (left_out.line, left_out.field, left_out.reason) == (3, "resident_card", "bound_meanwhile")
        async with stage.database.read() as tx:
            first = await identity.patient_by_no(tx, stage.vault, 1, "P000001")
            holder = await identity.bound_patient(
                tx, stage.vault, 1, Person(kind="resident_card", number=card(2), name="")
            )
        assert first is not None
        assert holder is not None
        assert (first.name, holder.patient_no) == ("王芳", "X1")
        await stage.all_is_well()

    play(platform_url, story)


def test_no_balances_where_accounts_are_off(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.mode("off")
        with pytest.raises(AccountsOff):
            await stage.proposed(*few())
        await stage.taken_over([person(20)], [])
        await stage.mode("refund_only")
        view = await stage.proposed(*few())
        await stage.mode("off")
        with pytest.raises(AccountsOff):
            await stage.confirm(view)
        await stage.mode("collect")
        await stage.confirm(view)
        await stage.mode("off")
        await stage.work()
        assert (await stage.states())["fen"] == 0
        assert await state(stage, view.import_no) == "confirmed"
        await stage.mode("collect")
        await stage.work()
        assert await state(stage, view.import_no) == "done"

    play(platform_url, story)


async def state(stage: Stage, import_no: str) -> ImportState:
    return (await stage.ask(GetImport(import_no=import_no))).state


# ---- what patients can do with it


def test_what_was_taken_over_goes_over_the_counter_and_nowhere_else(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.taken_over([person(1)], [money(1)])
        [row] = await stage.rows("SELECT patient_id FROM patient")
        patient_id: int = row["patient_id"]
        with pytest.raises(OnlyAtWindow) as told:
            async with stage.database.transaction() as tx:
                await stage.prepaid.withdraw(tx, stage.patient_call(patient_id), Withdraw(), None)
        assert "window" in told.value.sentence("en")
        assert "窗口" in told.value.sentence("zh-CN")
        with pytest.raises(BalanceTooLow):
            await at_window(stage, "P000001", 151)
        with pytest.raises(PatientUnknown):
            await at_window(stage, "P000002", 150)
        await at_window(stage, "P000001", 150)
        with pytest.raises(NothingOnAccount):
            await at_window(stage, "P000001", 150)
        shown = await account(stage, patient_id)
        assert [(each.kind, each.amount_fen) for each in shown.entries] == [
            ("withdrawn_at_window", -150),
            ("opening", 150),
        ]
        assert await stage.it.balance("paid_out:window:outpatient") == -150
        await stage.all_is_well()

    play(platform_url, story)


def test_he_pays_from_his_account_while_the_rest_of_it_is_opened(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        async with stage.database.transaction() as tx:
            record = PatientRecord(patient_no="P000001", name="张明", sex="male", born_on=None)
            known = await identity.keep_patient(tx, stage.vault, 1, record, stage.it.clock.now())
        assert known.patient_id == 1, "who stands in front of the world's terminal"
        await topped_up(stage.it, stage.prepaid)
        await stage.confirm(await stage.proposed([person(n) for n in FEW if n > 1], [money(n) for n in FEW]))
        paying = asyncio.gather(*(paid_from_account(stage.it, Fen(700)) for _ in range(5)))
        plans, _ = await asyncio.gather(paying, asyncio.gather(stage.work(lines=2), stage.work(lines=3)))
        paid_fen = 700 * sum(state_of(plan) == "fulfilled" for plan in plans)
        assert paid_fen == 3500
        assert (await account(stage, 1)).balance_fen == FEE + 150 - paid_fen
        assert (await stage.states())["opened_fen"] == FEN
        await stage.all_is_well()

    play(platform_url, story)


async def at_window(stage: Stage, patient_no: str, fen: int) -> None:
    message = WithdrawAtWindow(patient_no=patient_no, amount_fen=Fen(fen), receipt_no="R1")
    async with stage.database.transaction() as tx:
        await stage.prepaid.withdraw_at_window(tx, stage.patient_call(0), message, None)


def test_a_registration_is_paid_from_it(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.taken_over([person(1)], ["P000001,60.00"])
        assert await stage.it.balance(prepaid_account("1")) == -6000
        assert state_of(await paid_from_account(stage.it)) == "fulfilled"
        assert (await account(stage, 1)).balance_fen == 6000 - FEE
        await stage.all_is_well()

    play(platform_url, story)
