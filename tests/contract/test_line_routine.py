"""What the bank line does by itself, day and night, with another process beside it; and how it looks in numbers."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any, cast

import asyncpg
import msgspec
import pytest
from line_desk import Desk, at, play, routine_of
from line_stage import BANK, CARD, HOSPITAL, NO_ANSWER, OUTPATIENT, LineStage

from yinyi.business.lines import desk_store, figures
from yinyi.business.lines.figures import FIGURES
from yinyi.business.lines.invariants import CardDataIsForgotten, LineBatchesAreSettled, LineDoubtsAreSeenTo
from yinyi.business.lines.messages_sessions import LineView, ListSessions
from yinyi.business.lines.session_model import Declined, NoAnswer
from yinyi.business.lines.session_model import Desk as AtBank
from yinyi.business.lines.sessions import CARD_FORGOTTEN
from yinyi.business.watch import store as watch
from yinyi.business.watch.model import Invariant, numbered
from yinyi.kernel.money import Fen

NEXT = date(2026, 3, 3)
A_HOSPITAL = (
    "INSERT INTO hospital (hospital_id, name, name_en, zone, window_name, window_name_en, triage_name, triage_name_en)"
    " VALUES (1, 'x', 'x', 'Asia/Shanghai', 'x', 'x', 'x', 'x')"
)


def test_sessions_sign_on_in_the_morning_and_not_before(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.clock.at = at("05:59")
        await desk.routine().round()
        assert desk.line.bank.said == []
        desk.clock.at = at("06:00")
        other = routine_of(desk.line, desk.line.another_process(), "there:2")
        await asyncio.gather(desk.routine().round(), other.round())
        await other.round()
        assert sorted(each.slot.merchant_no for each in desk.line.bank.said) == sorted(
            row.merchant_no for row in (await desk.ask(ListSessions())).sessions
        )
        assert desk.line.bank.kinds() == ["sign_on", "sign_on"]

    play(platform_url, tmp_path, story)


def test_a_session_without_a_master_key_is_left_alone(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.rows("DELETE FROM line_key WHERE merchant_no = $1", OUTPATIENT.merchant_no)
        await desk.routine().round()
        assert [each.slot.merchant_no for each in desk.line.bank.said] != []
        assert OUTPATIENT not in [each.slot for each in desk.line.bank.said]

    play(platform_url, tmp_path, story)


def test_what_fails_is_tried_again_after_a_while(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        routine = desk.routine()
        desk.line.bank.next["sign_on"] = [Declined(code="05")] * 4
        await routine.round()
        await routine.round()
        assert desk.line.bank.kinds() == ["sign_on"] * 2, "both are left alone"
        desk.later(seconds=61)
        await routine.round()
        desk.later(seconds=61)
        await routine.round()
        assert desk.line.bank.kinds() == ["sign_on"] * 4, "the second pause is longer"
        desk.later(seconds=60)
        await routine.round()
        assert not (await desk.outpatient()).must_sign_on

    play(platform_url, tmp_path, story)


def test_a_batch_is_settled_after_the_cut_over_by_one_of_two(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("p1", 1000)
        desk.clock.at = at("00:29", NEXT)
        await desk.routine().round()
        assert "settle" not in desk.line.bank.kinds()
        desk.clock.at = at("00:30", NEXT)
        assert (await desk.outpatient()).is_overdue
        other = routine_of(desk.line, desk.line.another_process(), "there:2")
        await asyncio.gather(desk.routine().round(), other.round())
        await other.round()
        assert desk.line.bank.kinds().count("settle") == 1
        rows = await desk.line.rows("SELECT session_id, batch_no, debit_fen FROM line_batch")
        assert [tuple(row) for row in rows] == [(desk.line.outpatient, 1, 1000)]
        view = await desk.outpatient()
        assert (view.batch_no, view.is_overdue, view.open_since) == (2, False, None)

    play(platform_url, tmp_path, story)


def test_what_was_taken_after_the_cut_over_waits_for_the_next(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        desk.clock.at = at("00:31", NEXT)
        await desk.line.buy("p1", 1000)
        await desk.routine().round()
        assert "settle" not in desk.line.bank.kinds()

    play(platform_url, tmp_path, story)


def test_a_batch_is_not_settled_while_somebody_pays(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("p1", 1000)
        desk.clock.at = at("00:30", NEXT)
        await desk.line.sessions.sign_on(BANK, desk.line.outpatient)
        desk.line.bank.gate = asyncio.Event()
        buying = asyncio.create_task(desk.line.buy("p2", 500))
        await desk.line.bank.arrived.wait()
        routine = desk.routine()
        await routine.round()
        assert "settle" not in desk.line.bank.kinds()
        desk.line.bank.gate.set()
        await buying
        desk.line.bank.next["settle"] = [NO_ANSWER]
        await routine.round()
        assert (await desk.outpatient()).is_overdue, "what cannot be settled is seen"
        desk.later(seconds=61)
        await routine.round()
        rows = await desk.line.rows("SELECT debit_fen FROM line_batch")
        assert [row["debit_fen"] for row in rows] == [1500]

    play(platform_url, tmp_path, story)


def test_a_line_that_is_down_is_seen_and_not_tried(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        bank = cast(Any, desk.line.bank)
        bank.is_up, bank.why_down = False, "10.0.0.1:9000: its certificate is not for bank.example"
        await desk.routine().round()
        assert desk.line.bank.said == []
        await routine_of(desk.line, desk.line.sessions, "there:2").look()
        assert (await desk.ask(ListSessions())).lines == [LineView(acquirer=BANK, up=0, down=2, why=bank.why_down)]
        desk.later(seconds=91)
        bank.is_up, bank.why_down = True, ""
        await desk.routine().round()
        assert (await desk.ask(ListSessions())).lines == [LineView(acquirer=BANK, up=1, down=0)]

    play(platform_url, tmp_path, story)


async def a_dead_process_pays(line: LineStage) -> None:
    def dies(_: AtBank) -> NoAnswer:
        raise asyncio.CancelledError

    await line.buy("before1")
    line.bank.next["purchase"] = [dies]
    await asyncio.wait([asyncio.create_task(line.buy("dead1"))])


def test_what_a_dead_process_left_is_reversed_though_nobody_pays(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await a_dead_process_pays(desk.line)
        desk.later(minutes=9)
        await desk.routine().round()
        assert await desk.line.state("dead1") == "sent"
        desk.later(minutes=60)
        assert await found(desk.line, LineDoubtsAreSeenTo()) != []
        await desk.routine().round()
        assert await desk.line.state("dead1") == "reversed"
        assert await found(desk.line, LineDoubtsAreSeenTo()) == []

    play(platform_url, tmp_path, story)


def test_card_data_of_settled_batches_are_forgotten_after_half_a_year(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("settled1")
        await desk.line.sessions.settle(BANK, desk.line.outpatient)
        await desk.line.buy("open1")
        kept = "SELECT reference FROM line_message WHERE card_data IS NOT NULL OR card_key_id IS NOT NULL ORDER BY 1"
        desk.later(days=180)
        await desk.routine().forget()
        assert [row["reference"] for row in await desk.line.rows(kept)] == ["open1", "settled1"]
        desk.later(seconds=1)
        await desk.routine().forget()
        assert [row["reference"] for row in await desk.line.rows(kept)] == ["open1"], "its batch is not settled"

    play(platform_url, tmp_path, story)


def test_what_names_a_card_that_is_forgotten_is_not_sent(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("settled1")
        await desk.line.sessions.settle(BANK, desk.line.outpatient)
        desk.later(days=181)
        await desk.routine().forget()
        before = desk.line.bank.kinds()
        assert await desk.line.sessions.refund(BANK, "back1", "settled1", Fen(100)) == CARD_FORGOTTEN
        assert desk.line.bank.kinds() == before
        assert await desk.line.sessions.standing("back1") is None, "no trace number was used for it"

    play(platform_url, tmp_path, story)


def test_card_data_that_nobody_forgets_break_an_invariant(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.buy("settled1")
        await desk.line.sessions.settle(BANK, desk.line.outpatient)
        desk.later(days=365)
        assert await found(desk.line, CardDataIsForgotten()) == []
        desk.later(days=2)
        (subject,) = await found(desk.line, CardDataIsForgotten())
        assert subject == f"{OUTPATIENT} 1 2"
        await desk.routine().forget()
        assert await found(desk.line, CardDataIsForgotten()) == []

    play(platform_url, tmp_path, story)


async def found(line: LineStage, invariant: Invariant) -> list[str]:
    statement, values = numbered(invariant.statement, {"hospital": HOSPITAL, "now": line.clock.now()})
    return [row["subject"] for row in await line.rows(statement, *values)]


# ---- in numbers


async def numbers(desk: Desk) -> dict[str, dict[str, float]]:
    async with desk.line.database.read() as tx:
        return {each.name: await watch.values(tx, HOSPITAL, each, desk.clock.now()) for each in FIGURES}


def test_the_line_in_numbers(platform_url: str, tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        await desk.line.rows(A_HOSPITAL)
        await desk.routine().look()
        desk.line.bank.next |= {"purchase": [NO_ANSWER, NO_ANSWER], "reverse": [Declined(code="25"), NO_ANSWER]}
        await desk.line.buy("stuck1")
        await desk.line.sessions.reverse("stuck1")
        await desk.line.buy("doubt1")
        desk.later(seconds=30)
        name, other = str(OUTPATIENT), f"{BANK}/898310070110002/10000001"
        shown = await numbers(desk)
        assert shown == {
            "line_up": {BANK: 1},
            "line_down": {BANK: 0},
            "line_sessions": {BANK: 2},
            "line_sessions_signed_on": {BANK: 1},
            "line_sessions_beyond": {"": 0},
            "line_session_signed_on": {name: 1, other: 0},
            "line_session_heard_age_seconds": {name: 30.0},
            "line_session_in_doubt": {name: 1},
            "line_session_stuck": {name: 1},
            "line_messages": {
                f"{BANK} purchase stuck": 1,
                f"{BANK} purchase in_doubt": 1,
                f"{BANK} sign_on approved": 1,
            },
        }
        assert CARD.pan[-4:] not in str(shown)
        desk.later(minutes=5)
        shown = await numbers(desk)
        assert (shown["line_up"], shown["line_messages"]) == ({}, {}), "nobody says anything any more"

    play(platform_url, tmp_path, story)


# ---- by index

STATEMENTS = {
    **{name: getattr(desk_store, name) for name in vars(desk_store) if name.startswith("_") and name.isupper()},
    **{
        type(each).__name__: numbered(each.statement, {"hospital": 1, "now": at("09:00")})[0]
        for each in (*FIGURES, LineDoubtsAreSeenTo(), LineBatchesAreSettled(), CardDataIsForgotten())
    },
}
_PARTS = ("_MONEY", "_FREE", "_REVERSAL", "_MOST")
_VALUES = {
    "int4": "1", "int8": "7", "text": "'bank'", "bool": "true", "date": "'2026-03-02'",
    "timestamptz": "'2026-03-02 08:00+08'", "text[]": "'{bank}'", "int8[]": "'{}'", "int4[]": "'{900}'",
    "bool[]": "'{true}'",
}  # fmt: skip
_FILLED = (
    "INSERT INTO line_session (hospital_id, acquirer, merchant_no, terminal_no, scope, terminal_id, merchant_name)"
    " SELECT 1, 'bank', 'M', n::text, 'outpatient', 'K' || n, 'x' FROM generate_series(1, 2000) AS n",
    "INSERT INTO line_message (hospital_id, session_id, batch_no, trace_no, epoch, kind, reference, amount_fen, state,"
    " sent_at, card_data) SELECT 1, s, 1, t, 1, 'purchase', s || '-' || t, 1, 'approved',"
    " '2026-02-01'::timestamptz + t * interval '1 hour', '' FROM generate_series(1, 2000) AS s,"
    " generate_series(1, 20) AS t",
)


def test_messages_are_found_by_index_though_the_table_was_empty_when_it_was_planned(platform_url: str) -> None:
    plans = asyncio.run(_plans(platform_url))
    assert len(plans) == len(STATEMENTS) - len(_PARTS)
    for name, plan in plans.items():
        assert "Seq Scan on line_message" not in plan, f"{name}: {plan}"


async def _plans(url: str) -> dict[str, str]:
    connection = await asyncpg.connect(url, server_settings={"plan_cache_mode": "force_generic_plan"})
    try:
        asked = dict[str, str]()
        for number, (name, statement) in enumerate(each for each in STATEMENTS.items() if each[0] not in _PARTS):
            parameters = (await connection.prepare(statement)).get_parameters()
            values = ", ".join(_VALUES[each.name] for each in parameters)
            asked[name] = f"EXECUTE asked_{number}" + (f" ({values})" if values else "")
            await connection.execute(f"PREPARE asked_{number} AS {statement}")
            await connection.execute(asked[name])
        for statement in _FILLED:
            await connection.execute(statement)
        return {
            name: "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {execute}"))
            for name, execute in asked.items()
        }
    finally:
        await connection.close()


@pytest.mark.parametrize("figure", FIGURES, ids=lambda each: each.name)
def test_a_page_of_numbers_stays_small(figure: Any) -> None:
    """What is shown session by session has a limit."""
    limits = [f"LIMIT {most}" for most in (figures.MOST, figures.MOST_IN_TROUBLE)]
    assert figure.label != "session" or any(limit in figure.statement for limit in limits)


_BUS_BYTES = 1_000_000
_MANY = (
    "INSERT INTO line_session (hospital_id, acquirer, merchant_no, terminal_no, scope, terminal_id, merchant_name,"
    " heard_at, must_sign_on) SELECT 1, 'a bank of a long name', m, lpad(n::text, 8, '0'), m, 'K' || n, 'x',"
    " '2026-03-02 08:00+08'::timestamptz - n * interval '1.2345 seconds', n > 3"
    " FROM generate_series(1, 2001) AS n, unnest('{898310070110001,898310070110002}'::text[]) AS m"
    " RETURNING session_id"
)
_ALL_IN_TROUBLE = (
    "INSERT INTO line_message (hospital_id, session_id, batch_no, trace_no, epoch, kind, reference, amount_fen, state,"
    " sent_at) SELECT 1, s.session_id, 1, n, 1, 'purchase', s.session_id || '-' || n, 1,"
    " CASE n WHEN 1 THEN 'in_doubt' ELSE 'stuck' END, '2026-03-02 08:00+08'::timestamptz"
    " FROM line_session s, generate_series(1, 2) AS n RETURNING session_id"
)


def test_two_merchant_numbers_on_two_thousand_terminals_are_all_shown(platform_url: str, tmp_path: Path) -> None:
    """And what is beyond them is counted; the whole of it travels in one message of the bus."""

    async def story(desk: Desk) -> None:
        await desk.line.rows(_MANY)
        await desk.line.rows(_ALL_IN_TROUBLE)
        async with desk.line.database.read() as tx:
            told = {each.name: await watch.values(tx, HOSPITAL, each, desk.clock.now()) for each in FIGURES}
        whole = {name: len(values) for name, values in told.items() if name.startswith("line_session_")}
        assert whole == {
            "line_session_signed_on": 4_000,
            "line_session_heard_age_seconds": 4_000,
            "line_session_in_doubt": 1_000,
            "line_session_stuck": 1_000,
        }
        assert told["line_sessions_beyond"] == {"": 4}
        assert sum(told["line_sessions"].values()) == 4_004
        assert len(msgspec.json.encode(told)) < _BUS_BYTES

    play(platform_url, tmp_path, story)
