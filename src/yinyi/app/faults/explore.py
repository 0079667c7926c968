"""Which schedules there are: every fault at every moment, and every pair of them."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from yinyi.app.faults.model import Fault, Run, Schedule, faults_of
from yinyi.app.faults.play import play
from yinyi.app.faults.shapes import SHAPES
from yinyi.app.faults.stage import Stage


@dataclass
class Explorer:
    """``part`` of ``parts``: this process's share of the first faults. ``merged``: schedules that were not played,
    because their last fault comes in the same situation as that of another one."""

    stage: Stage
    part: int = 0
    parts: int = 1
    merged: int = 0
    shapes: Sequence[str] = tuple(SHAPES)

    async def explore(self, depth: int) -> AsyncIterator[Run]:
        """Every schedule of up to so many faults."""
        number = 0
        for shape in self.shapes:
            calm, before = await play(self.stage, Schedule(shape)), self.merged
            if self.part == 0:
                yield calm
            first = list(self.followers(calm))
            if self.part > 0:
                self.merged = before
            for schedule in first:
                number += 1
                if number % self.parts == self.part:
                    async for run in self._deeper(schedule, depth - 1):
                        yield run

    async def _deeper(self, schedule: Schedule, more: int) -> AsyncIterator[Run]:
        run = await play(self.stage, schedule)
        yield run
        if more > 0:
            for follower in self.followers(run):
                async for each in self._deeper(follower, more - 1):
                    yield each

    def followers(self, run: Run) -> Iterator[Schedule]:
        """The schedules that are like this one with one fault more, later than its last."""
        last = run.schedule.faults[-1].at if run.schedule.faults else 0
        seen: set[str] = set()
        for at, moment in enumerate(run.moments, start=1):
            if at <= last:
                continue
            if moment.situation in seen:
                self.merged += len(faults_of(moment.kind, moment.verb))
                continue
            seen.add(moment.situation)
            for name in faults_of(moment.kind, moment.verb):
                yield run.schedule.with_fault(Fault(at, name))
