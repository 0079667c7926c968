"""Which schedules there are: every fault at every moment, and every pair of them."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from yinyi.app.faults.all_shapes import ALL_SHAPES
from yinyi.app.faults.model import Fault, Run, Schedule, faults_of
from yinyi.app.faults.play import play
from yinyi.app.faults.stage import Stage


@dataclass
class Explorer:
    """``part`` of ``parts``: this process's share of the first faults. ``merged``: schedules that were not played,
    because their last fault comes in the same situation as that of another one: of the same run, or of another run of
    the same shape where the whole world stands alike."""

    stage: Stage
    part: int = 0
    parts: int = 1
    merged: int = 0
    shapes: Sequence[str] = tuple(ALL_SHAPES)
    _explored: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    """Situations of this shape, and how many faults from there on have been played or are being played."""

    async def explore(self, depth: int) -> AsyncIterator[Run]:
        """Every schedule of up to so many faults."""
        number = 0
        for shape in self.shapes:
            self._explored.clear()
            calm, before = await play(self.stage, Schedule(shape)), self.merged
            if self.part == 0:
                yield calm
            first = list(self.followers(calm, depth))
            if self.part > 0:
                self.merged = before
            for schedule in first:
                number += 1
                if number % self.parts == self.part:
                    async for run in self.deeper(calm, schedule, depth - 1):
                        yield run

    async def deeper(self, before: Run, schedule: Schedule, more: int) -> AsyncIterator[Run]:
        """This schedule, planned in the run ``before``, and those with up to so many faults more."""
        run = _same_so_far(before, await play(self.stage, schedule))
        yield run
        if more > 0:
            for follower in list(self.followers(run, more)):
                async for each in self.deeper(run, follower, more - 1):
                    yield each

    def followers(self, run: Run, more: int) -> Iterator[Schedule]:
        """The schedules that are like this one with one fault more, later than its last; of them, up to ``more`` faults
        are to be played."""
        last = run.schedule.faults[-1].at if run.schedule.faults else 0
        seen: set[str] = set()
        for at, moment in enumerate(run.moments[last:], start=last + 1):
            here = moment.situation, moment.world
            if moment.situation in seen or self._explored.get(here, 0) >= more:
                self.merged += len(faults_of(moment.kind, moment.verb))
            else:
                for name in faults_of(moment.kind, moment.verb):
                    yield run.schedule.with_fault(Fault(at, name))
            seen.add(moment.situation)
            self._explored[here] = max(more, self._explored.get(here, 0))


def _same_so_far(before: Run, run: Run) -> Run:
    """Up to its last fault it is the run that the fault was planned in: nothing of others shows."""
    last = run.schedule.faults[-1].at
    planned, played = ([each.cell for each in one.moments[:last]] for one in (before, run))
    if planned == played:
        return run
    return replace(run, violations=(*run.violations, f"not the run that was planned: {played} instead of {planned}"))
