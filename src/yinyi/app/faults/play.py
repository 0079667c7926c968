"""Plays one schedule to its end."""

from datetime import timedelta

from yinyi.app.faults.judge import violations
from yinyi.app.faults.model import Run, Schedule
from yinyi.app.faults.shapes import SHAPES
from yinyi.app.faults.stage import Stage
from yinyi.business.payments.view import state_of


async def play(stage: Stage, schedule: Schedule) -> Run:
    """The run of this schedule, with everything that is wrong with how it ended."""
    script = stage.script
    stage.somebody_else()
    script.began(schedule.faults)
    stage.house.began()
    began = stage.clock.now()
    await SHAPES[schedule.shape](stage)
    ended = await stage.until_the_end()
    await script.outside.take_late_effects()
    ended = ended and await stage.until_the_end()
    plan = await stage.plan()
    took = stage.clock.now() - began
    stage.clock.at += timedelta(minutes=1)
    return Run(
        schedule=schedule,
        moments=tuple(script.moments),
        hit=tuple(script.hit),
        ending=state_of(plan),
        took=took,
        violations=tuple(await violations(stage, plan) if ended else ["it never ends"]),
    )
