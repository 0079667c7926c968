"""Who comes in a crowd, by the dice of its seed; and the crowd, played to its end."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from yinyi.app.faults.all_shapes import ALL_SHAPES
from yinyi.app.faults.card_shapes import CARD_SHAPES
from yinyi.app.faults.crowd import CALLS_FAIL, MOST_FAULTS, Crowd
from yinyi.app.faults.far_side import START, SimClock
from yinyi.app.faults.house import ZONE, House
from yinyi.app.faults.line_house import LineHouse
from yinyi.app.faults.model import CrowdRun, Run, Schedule, Visit
from yinyi.app.faults.processes import AloneDatabase, TurnsDatabase
from yinyi.app.faults.sums import all_violations
from yinyi.app.faults.turns import NobodyCanMove, TurnLoop, Turns
from yinyi.app.faults.visitor import Visitor
from yinyi.bus.database import open_pool
from yinyi.bus.lending import Lending
from yinyi.business.payments.view import state_of

FEWEST, MOST = 8, 24
ALL_COME_WITHIN_S = 4
WITH_ACCOUNT = (
    *("pays_from_account", "pays_from_account_and_by_phone", "account_is_given_back", "wants_account_money_back"),
    *("tops_up", "tops_up_and_withdraws", "tops_up_by_alipay", "pays_an_invoice_in_parts"),
)
ALONE = ("checks_in_and_pays", "checks_in_and_leaves", "checks_in")
"""Nobody else comes for a number that one has booked."""
_EMPTY = """
TRUNCATE payment, payment_step, payment_event, payment_callback, payment_obligation, payment_settlement, journal_entry,
  posting, account_balance, process_lease, line_session, line_message, line_batch, line_key, line_master_key
  RESTART IDENTITY CASCADE
"""


@dataclass
class Muster:
    """``dice`` say who comes, of these shapes."""

    crowd: Crowd
    dice: random.Random
    shapes: tuple[str, ...]

    def call_in(self) -> None:
        for number in range(1, self.dice.randint(FEWEST, MOST) + 1):
            self.crowd.visitors.append(self._visitor(f"P{number:02}"))

    def _visitor(self, name: str) -> Visitor:
        crowd, dice = self.crowd, self.dice
        script = crowd.luck(name, name, most=dice.randint(0, MOST_FAULTS), chance=CALLS_FAIL)
        after = timedelta(seconds=dice.randint(0, ALL_COME_WITHIN_S))
        visitor = Visitor(name, crowd.house, crowd, script, after)
        visitor.shape = dice.choice(self.shapes)
        visitor.patient_id, visitor.wish = len(crowd.visitors) + 1, name
        if crowd.visitors and dice.random() < 0.5:
            self._beside(visitor, dice.choice(crowd.visitors))
        visitor.by_card = visitor.shape in CARD_SHAPES
        return visitor

    def _beside(self, visitor: Visitor, other: Visitor) -> None:
        """Either both use one account, or both want the same number."""
        visitor.beside = other.name
        with_account = [shape for shape in WITH_ACCOUNT if shape in self.shapes]
        if with_account and self.dice.random() < 0.5:
            visitor.patient_id = other.patient_id
            visitor.shape = self.dice.choice(with_account)
        elif visitor.shape not in ALONE:
            visitor.wish = other.wish


def play_crowd(url: str, seed: int, shapes: Sequence[str] = tuple(ALL_SHAPES)) -> CrowdRun:
    """The run of this seed, on a database that is emptied first. The same seed is the same run of the same shapes."""
    turns = Turns(SimClock(START), random.Random(seed))
    with (
        TemporaryDirectory(prefix="yinyi-faults-keys-") as folder,
        asyncio.Runner(loop_factory=lambda: cast(asyncio.AbstractEventLoop, TurnLoop(turns))) as runner,
    ):
        return runner.run(_played(url, seed, turns, Path(folder), tuple(shapes)))


async def _played(url: str, seed: int, turns: Turns, folder: Path, shapes: tuple[str, ...]) -> CrowdRun:
    lending = Lending(await open_pool(url, size=4, name="yinyi faults"))
    house = House(turns.clock, AloneDatabase(lending, turns))
    async with house.quiet.read() as tx:
        await tx.execute(_EMPTY)
    await house.open()
    line = LineHouse(house.quiet, turns.clock, ZONE, folder)
    await line.open()
    await line.begins(signed_on=True)
    crowd = Crowd(seed, lending, turns, house, line)
    house.quiet = line.quiet = TurnsDatabase(lending, turns, crowd.calm)
    Muster(crowd, turns.dice, shapes).call_in()
    try:
        await crowd.play()
    except NobodyCanMove:
        crowd.wrong.append("nobody can move")
    turns.end()
    house.quiet = line.quiet = AloneDatabase(lending, turns)
    for visitor in crowd.visitors:
        visitor.quiet = house.quiet
    found = await all_violations(crowd)
    run = await _told(crowd, found)
    await _all_gone()
    await line.stop()
    await lending.close()
    return run


async def _told(crowd: Crowd, found: list[str]) -> CrowdRun:
    visits: list[Visit] = []
    for visitor in crowd.visitors:
        script = visitor.script
        run = Run(
            schedule=Schedule(visitor.shape, script.faults),
            moments=tuple(script.moments),
            hit=tuple(script.hit),
            ending=state_of(await visitor.plan()) if visitor.payment_id else "",
            took=crowd.house.clock.now() - START,
            violations=(),
        )
        visits.append(Visit(visitor.name, run, visitor.beside))
    return CrowdRun(
        seed=crowd.seed,
        visits=tuple(visits),
        processes=tuple((name, script.faults) for name, script in crowd.scripts.items()),
        bank=tuple(crowd.bank.hit),
        in_flight_at_most=crowd.in_flight_at_most,
        violations=tuple(found),
        trace=tuple(crowd.turns.trace),
    )


async def _all_gone() -> None:
    """Whoever stands somewhere for ever. Time is over: who goes on after he was called off, because his own time-out
    ended just then, is called off again."""
    while left := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
        for task in left:
            task.cancel()
        await asyncio.sleep(0)
