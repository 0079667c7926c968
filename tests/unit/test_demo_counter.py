"""The demo's cashier presses again where no answer came: it is the same money, not the same money twice."""

import asyncio
from typing import Any

import pytest

from yinyi_sandbox.demo.counter import Counter
from yinyi_sandbox.demo.signed import PlatformAway, Problem, SignedCaller


class Platform(SignedCaller):
    """Answers as it is told to, and notes with which key and receipt it was asked."""

    def __init__(self, *answers: "Exception | dict[str, Any]") -> None:
        self.asked: list[tuple[str, str]] = []
        self._answers = list(answers)

    async def ask(self, operation: str, message: Any, key: str = "") -> dict[str, Any]:
        self.asked.append((key, message["receipt_no"]))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_who_got_no_answer_asks_the_same_again() -> None:
    async def story() -> None:
        platform = Platform(PlatformAway(), {"state": "delivering"}, Problem(409, {"code": "PaymentClosed"}), {})
        counter = Counter(platform)
        with pytest.raises(PlatformAway):
            await counter.collect("1")
        assert await counter.collect("1") == {"state": "delivering"}
        with pytest.raises(Problem):
            await counter.collect("1")
        await counter.collect("1")
        first, again, answered, refused = platform.asked
        assert first == again
        assert len({first, answered, refused}) == 3

    asyncio.run(story())
