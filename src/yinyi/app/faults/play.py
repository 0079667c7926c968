"""Plays one schedule to its end."""

from datetime import datetime, timedelta

from yinyi.app.faults.all_shapes import ALL_SHAPES
from yinyi.app.faults.cardholder import statement_tells
from yinyi.app.faults.far_side import START
from yinyi.app.faults.judge import violations
from yinyi.app.faults.judge_line import line_violations, queue_violations
from yinyi.app.faults.model import IN_QUEUE, Run, Schedule
from yinyi.app.faults.stage import Stage
from yinyi.business.payments.view import state_of


async def play(stage: Stage, schedule: Schedule) -> Run:
    """The run of this schedule, with everything that is wrong with how it ended."""
    script = stage.script
    stage.somebody_else()
    script.began(schedule.faults)
    stage.house.began()
    began = stage.clock.now()
    await ALL_SHAPES[schedule.shape](stage)
    ended = await stage.until_the_end()
    await script.outside.take_late_effects()
    ended = ended and await stage.until_the_end()
    ending, found = await (_of_card(stage, ended=ended) if stage.by_card else _of_others(stage, ended=ended))
    took = stage.clock.now() - began
    stage.clock.at = _next_morning(stage.clock.at)
    return Run(
        schedule=schedule,
        moments=tuple(script.moments),
        hit=tuple(script.hit),
        ending=ending,
        took=took,
        violations=(*script.stray, *found),
    )


def _next_morning(at: datetime) -> datetime:
    """Every run begins at the same time of the day: what ends at midnight is as far away in all of them."""
    return datetime.combine(at.date() + timedelta(days=1), START.timetz())


async def _of_others(stage: Stage, *, ended: bool) -> tuple[str, list[str]]:
    plan = await stage.plan()
    return state_of(plan), await violations(stage, plan) if ended else ["it never ends"]


async def _of_card(stage: Stage, *, ended: bool) -> tuple[str, list[str]]:
    """What only people can tell stands in their queue; they look at the statement, and it goes on."""
    found: list[str] = []
    done = ended
    if not ended:
        found += await queue_violations(stage, await stage.plan())
        with stage.calm():
            await statement_tells(stage)
            done = await stage.until_the_end()
    plan = await stage.plan()
    if done:
        found += await violations(stage, plan)
    elif not found:
        found += await queue_violations(stage, plan)
    found += await line_violations(stage, people_called=not ended)
    return state_of(plan) if ended else IN_QUEUE, found
