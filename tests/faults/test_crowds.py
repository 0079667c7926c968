"""`yinyi faults --seeds`: many at once in several processes, and nothing that goes wrong loses money."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import asyncpg
import pytest
import uvloop

from yinyi.app.commands.faults import told
from yinyi.app.faults.card_shapes import CARD_SHAPES
from yinyi.app.faults.explore import Explorer
from yinyi.app.faults.model import CrowdRun
from yinyi.app.faults.muster import play_crowd
from yinyi.app.faults.report import Tally
from yinyi.app.faults.shapes import SHAPES
from yinyi.app.faults.stage import stage
from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.ledger.model import prepaid_account
from yinyi.business.ledger.store import balance_of
from yinyi.business.lines import session_store
from yinyi.business.payments import store, writes
from yinyi.business.payments.amounts import owed_fen
from yinyi.business.payments.errors import MoreThanOwed
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.tenders import Tenders

QUICK = (1, 3, 12)
MANY = (16, 17, *range(1000, 1046))
"""Seeds for `make test-all`."""
SOON = range(1, 40)
"""Some of these find what is wrong with an engine."""


def count(run: CrowdRun, what: str) -> int:
    return sum(what in line for line in run.trace)


def test_nothing_is_lost_among_many(platform_url: str) -> None:
    """And the same seed is the same run, to the last move, also after others have played on the same database."""
    tally = Tally()
    runs = [play_crowd(platform_url, seed) for seed in QUICK]
    for run in runs:
        tally.add_crowd(run)
    assert tally.violations == []
    told = tally.as_json()
    assert told["seeds"] == len(QUICK)
    assert told["in_flight_at_most"] >= 12
    assert tally.schedules > 40
    for what in ("is killed", "writes together", "goes on, declared dead", "commit_lost at write", "down at"):
        assert sum(count(run, what) for run in runs) > 0, what
    assert any(visit.beside for run in runs for visit in run.visits)
    assert any(run.bank for run in runs), "nothing has gone wrong on the bank's line"
    assert play_crowd(platform_url, QUICK[0]) == runs[0]
    assert runs[1].trace != runs[0].trace


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
def test_nothing_is_lost_among_many_more(platform_url: str, part: int) -> None:
    tally = Tally()
    for seed in MANY[part::8]:
        tally.add_crowd(play_crowd(platform_url, seed))
    assert tally.violations == []


# ---- engines that are wrong only where there are several


def obligations_are_not_unique(broken: pytest.MonkeyPatch) -> str:
    return "ALTER TABLE payment_obligation DROP CONSTRAINT payment_obligation_pkey"


def balances_are_only_looked_at_first(broken: pytest.MonkeyPatch) -> str:
    """As in many a hospital: whether there is enough is read, and some time later it is taken."""

    async def enough(self: Tenders, tx: Tx, call: Call, plan: Plan) -> None:
        wanted = plan.facts.get("tender_facts", {}).get("amount_fen") or owed_fen(plan)
        if await balance_of(tx, 1, prepaid_account(str(plan.patient_id))) < min(wanted, 2000):
            raise MoreThanOwed

    broken.setattr(Tenders, "_check_account", enough)
    return "ALTER TABLE account_balance DROP CONSTRAINT account_balance_balance_check"


def the_dead_are_not_inherited(broken: pytest.MonkeyPatch) -> str:
    orphans = "lease_epoch IS NOT NULL AND (lease_epoch, payment_id)"
    assert orphans in store.CLAIM_DUE
    broken.setattr(store, "CLAIM_DUE", store.CLAIM_DUE.replace(orphans, f"false AND {orphans}"))
    return ""


def what_came_meanwhile_is_overwritten(broken: pytest.MonkeyPatch) -> str:
    """Whoever drives does not look whether the payment still is as he knows it: a callback that was kept then, a code
    that was scanned."""
    statement, guard = vars(writes)["_WRITE"], "p.version = w.version AND "
    assert guard in statement
    writes.write_statement.cache_clear()
    broken.setattr(writes, "_WRITE", statement.replace(guard, ""))
    return ""


def sessions_are_nobodys(broken: pytest.MonkeyPatch) -> str:
    """Whoever wants to say something on the bank's line says it, whoever else is waiting for an answer there."""
    free = "AND (s.busy_until IS NULL OR s.busy_until <= $3)"
    assert free in vars(session_store)["_CLAIM"]
    broken.setattr(session_store, "_CLAIM", vars(session_store)["_CLAIM"].replace(free, ""))
    return ""


Mutant = Callable[[pytest.MonkeyPatch], str]


def found_out(
    url: str,
    monkeypatch: pytest.MonkeyPatch,
    mutant: Mutant,
    shapes: tuple[str, ...],
    crowd: Mapping[str, object] = SHAPES,
) -> CrowdRun:
    """The first of some crowds of such people that shows it. One payment at a time shows nothing, with every single
    fault at every moment."""
    statement = mutant(monkeypatch)
    asyncio.run(changed(url, statement))
    alone = uvloop.run(alone_violations(url, shapes))
    found = next((run for seed in SOON if (run := play_crowd(url, seed, tuple(crowd))).violations), None)
    assert alone == []
    assert found is not None
    return found


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Takes back what a mutant has broken, also in statements that are kept."""
    yield monkeypatch
    monkeypatch.undo()
    writes.write_statement.cache_clear()


def test_a_wrong_seed_tells_how_it_is_played_again(platform_url: str, broken: pytest.MonkeyPatch) -> None:
    run = found_out(platform_url, broken, the_dead_are_not_inherited, ("leaves",))
    assert any("it never ends" in sentence for sentence in run.violations)
    tally = Tally()
    tally.add_crowd(run)
    text = told(tally)
    assert f"--first-seed {run.seed} --seeds 1" in text
    for visit in run.visits:
        assert f"  {visit.name} {visit.run.schedule.shape}" in text
    assert play_crowd(platform_url, run.seed, tuple(SHAPES)).violations == run.violations


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mutant", "shapes", "said"),
    [
        (obligations_are_not_unique, ("pays", "pays_and_cancels"), "was delivered more than once"),
        (balances_are_only_looked_at_first, ("pays_from_account", "tops_up_and_withdraws"), "is overdrawn by"),
        (what_came_meanwhile_is_overwritten, ("pays", "cancels"), "the channels have kept"),
        (sessions_are_nobodys, ("pays_by_card",), "trace number"),
    ],
)
def test_what_is_wrong_only_among_many_is_found_out(
    platform_url: str, broken: pytest.MonkeyPatch, mutant: Mutant, shapes: tuple[str, ...], said: str
) -> None:
    found = found_out(platform_url, broken, mutant, shapes, CARD_SHAPES if mutant is sessions_are_nobodys else SHAPES)
    assert any(said in sentence for sentence in found.violations)


async def changed(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement or "SELECT")
    await connection.close()


async def alone_violations(url: str, shapes: tuple[str, ...]) -> list[tuple[str, ...]]:
    async with stage(url) as it:
        runs = [run async for run in Explorer(it, shapes=shapes).explore(1)]
    return [run.violations for run in runs if run.violations]
