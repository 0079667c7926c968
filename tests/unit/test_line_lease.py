"""A claim of a session: what is said under it leaves at once or not at all, by whichever clock has moved."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from yinyi.business.lines.line_means import SPARE_S, Lease

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    def __init__(self, after_s: float) -> None:
        self._after_s = after_s

    def now(self) -> datetime:
        return AT + timedelta(seconds=self._after_s)


@pytest.mark.parametrize(
    ("by_clock_s", "by_loop_s", "may_send"),
    [
        (0, 0, True),
        (SPARE_S - 0.1, SPARE_S - 0.1, True),
        (SPARE_S, 0, False),
        (0, SPARE_S, False),
        (-3600, SPARE_S, False),
    ],
    ids=["at once", "just in time", "the machine has slept", "it stood still", "its clock was set back"],
)
def test_what_is_late_by_either_clock_does_not_leave(by_clock_s: float, by_loop_s: float, may_send: bool) -> None:
    async def story() -> bool:
        began_s = asyncio.get_running_loop().time() - by_loop_s
        return Lease(AT, AT + timedelta(seconds=60), Clock(by_clock_s), began_s).may_send()

    assert asyncio.run(story()) is may_send
