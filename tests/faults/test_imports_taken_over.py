"""What two people have confirmed is taken over: all of it, once, whoever is killed and whatever happens meanwhile."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from import_samples import ALL_OF_FEW, FEN, FEW, few
from import_stage import Killed, Mortal, Stage, card, money, person, play
from payment_checks import waits_for_a_lock
from payment_far_side import FEE
from prepaid_desk import paid_from_account, topped_up
from watch_world import watch

from yinyi.bus.database import Database, Tx
from yinyi.business.identity import store as identity
from yinyi.business.identity.errors import PatientUnknown
from yinyi.business.identity.model import PatientRecord, Person
from yinyi.business.imports.errors import (
    AccountsOff,
)
from yinyi.business.imports.messages import GetImport, WithdrawImport
from yinyi.business.imports.model import ImportState
from yinyi.business.ledger.errors import BalanceTooLow
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.payments.view import state_of
from yinyi.business.prepaid.errors import BalancesLeft, NothingOnAccount, OnlyAtWindow
from yinyi.business.prepaid.messages import GetPrepaidAccount, PrepaidAccount, Withdraw, WithdrawAtWindow
from yinyi.kernel.money import Fen

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


@pytest.mark.parametrize("many", [4_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_thousands_of_patients_in_a_few_statements(platform_url: str, many: int) -> None:
    async def story(stage: Stage) -> None:
        patients, balances = [person(n) for n in range(many)], [f"P{n:06},12.34" for n in range(many)]
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
            "patients": many,
            "bindings": 2 * many,
            "entries": many,
            "postings": many,
            "fen": many * 1234,
            "opened_fen": many * 1234,
        }
        slices = 2 * many // 1000
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


class _Beside(Database):
    """Somebody switches accounts off before a transaction commits."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.lending)
        self._stage = stage
        self.off: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Tx]:
        async with super().transaction() as tx:
            yield tx
            self.off = asyncio.create_task(self._stage.mode("off"))
            while not self.off.done() and not await waits_for_a_lock(self._stage.it):
                pass


def test_accounts_are_not_switched_off_while_a_balance_is_being_opened(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.confirm(await stage.proposed(*few()))
        assert await stage.takeover().advance(), "the patients"
        beside = _Beside(stage)
        assert await stage.takeover(database=beside).advance(), "the balances"
        assert beside.off is not None
        with pytest.raises(BalancesLeft):
            await beside.off
        await stage.work()
        assert await stage.states() == ALL_OF_FEW

    play(platform_url, story)


def test_accounts_that_are_off_hold_up_no_import_without_money(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        await stage.mode("off")
        view = await stage.taken_over([person(1)], ["P000001,0.00"])
        assert (view.made, view.empty_accounts, view.accounts_off) == (1, 1, False)

    play(platform_url, story)


ANOTHER_HOSPITALS = """
INSERT INTO import_run (hospital_id, import_no, state, most_fen, patients_header, balances_header, patients_lines,
                        balances_lines, patients_chain, balances_chain, begun_by, begun_at, proposed_by, proposed_at,
                        confirmed_by, confirmed_at)
SELECT 2, 'ANOTHER', 'confirmed', 1, 'x', '', 1, 0, '', '', 'a', begun_at, 'a', begun_at, 'b', begun_at
FROM import_run LIMIT 1
"""
LEFT_OF = """
SELECT count(*) FROM import_patient JOIN import_run r USING (import_id) WHERE r.import_no = $1 AND r.swept_at IS NULL
"""


@pytest.mark.parametrize("fault", ["accounts are off", "the database refuses it"])
def test_an_import_that_cannot_go_on_holds_up_no_other(platform_url: str, fault: str) -> None:
    async def story(stage: Stage) -> None:
        stuck = (await stage.confirm(await stage.proposed(*few()))).import_no
        if fault == "accounts are off":
            await stage.mode("off")
        else:
            await stage.rows("UPDATE import_run SET opened_to = balances_lines")
        draft, _ = await stage.checked([person(20)], [])
        await stage.ask(WithdrawImport(import_no=draft))
        await stage.rows(ANOTHER_HOSPITALS)
        assert (await stage.rows(LEFT_OF, draft))[0][0] == 1
        takeover = stage.takeover()
        await takeover.round()
        assert (await stage.rows(LEFT_OF, draft))[0][0] == 0, "names stood in it"
        rows = await stage.rows("SELECT state FROM import_run WHERE import_no = 'ANOTHER'")
        assert rows[0]["state"] == "done"
        view = await stage.ask(GetImport(import_no=stuck))
        assert (view.state, view.accounts_off) == ("confirmed", fault == "accounts are off")
        await stage.mode("collect")
        await stage.rows("UPDATE import_run SET opened_to = opened + 1")
        await takeover.round()
        view = await stage.ask(GetImport(import_no=stuck))
        assert (view.state, view.opened_fen, view.accounts_off) == ("done", FEN, False)

    play(platform_url, story)


def test_a_database_that_is_away_ends_the_round(platform_url: str) -> None:
    async def story(stage: Stage) -> None:
        view = await stage.confirm(await stage.proposed(*few()))
        await stage.takeover(3, Mortal(stage.lending, 10)).round()
        assert await state(stage, view.import_no) == "confirmed"
        await stage.takeover(3).round()
        assert await stage.states() == ALL_OF_FEW

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
    message = WithdrawAtWindow(patient_no=f" {patient_no.lower()}", amount_fen=Fen(fen), receipt_no="R1")
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
