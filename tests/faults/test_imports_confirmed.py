"""An import is two people's: who confirms it, with which figures, and what the audit log says."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from import_samples import ALL_OF_FEW, FEN, NOTHING, few
from import_stage import Stage, person, play

from yinyi.business.imports.errors import (
    AnotherImport,
    CheckedTooEarly,
    FiguresDiffer,
    ImportClosed,
)
from yinyi.business.imports.messages import GetImport, ListImports, ProposeImport, WithdrawImport
from yinyi.kernel.errors import SecondPersonNeeded

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


def test_the_limit_is_a_part_of_what_is_confirmed(platform_url: str) -> None:
    """Or the first could take over what the second, who has checked the same files, would have been told of."""

    async def story(stage: Stage) -> None:
        patients, balances = few()
        checked, _ = await stage.checked(patients, balances)
        known = await stage.ask(GetImport(import_no=checked))
        other = await stage.begin(most_fen=known.most_fen + 1)
        await stage.check(other, "patients", patients)
        await stage.check(other, "balances", balances)
        ask = ProposeImport(import_no=other, patients_lines=len(patients) + 1, balances_lines=len(balances) + 1)
        view = await stage.ask(ask)
        with pytest.raises(FiguresDiffer):
            await stage.confirm(view, fingerprint=known.fingerprint)
        assert (await stage.confirm(view)).state == "confirmed"
        audited = await stage.rows("SELECT detail FROM audit WHERE detail <> '{}'")
        assert all(f'"most_fen":{known.most_fen + 1}' in row["detail"] for row in audited)

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


def test_what_ended_meanwhile_is_seen_whatever_the_clocks_say(platform_url: str) -> None:
    """The process that ends an import may be behind the one that began another; and the other way round."""

    async def story(stage: Stage) -> None:
        first = await stage.confirm(await stage.proposed(*few()))
        stage.it.clock.advance(timedelta(minutes=10))
        begun_ahead, _ = await stage.checked([person(20)], [])
        stage.it.clock.advance(timedelta(minutes=-10))
        await stage.work()
        assert (await stage.ask(GetImport(import_no=first.import_no))).state == "done"
        ask = ProposeImport(import_no=begun_ahead, patients_lines=2, balances_lines=1)
        with pytest.raises(CheckedTooEarly):
            await stage.ask(ask)
        stage.it.clock.advance(timedelta(minutes=-10))
        assert (await stage.proposed([person(21)], [])).state == "proposed", "it was begun when the other was done"

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
            ("console:operator:person operator", "imports.ProposeImport.v1"),
            ("console:supervisor:person supervisor", "imports.ConfirmImport.v1"),
        ]
        assert '"people":"operator + supervisor"' in rows[1]["detail"]
        assert all(f'"total_fen":{FEN}' in row["detail"] and view.fingerprint in row["detail"] for row in rows)

    play(platform_url, story)
