"""Notifications leave, and are tried again until they arrive or are given up."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

import structlog

from yinyi.bus.database import Database
from yinyi.bus.turning import turning
from yinyi.business.institutions.service import Institutions
from yinyi.business.subscriptions import store
from yinyi.business.subscriptions.model import REST_S, Learned, Letter, learned, put_back
from yinyi.business.subscriptions.ports import Notifies
from yinyi.kernel.clock import Clock
from yinyi.kernel.ids import token
from yinyi.wire.institution import Algorithm
from yinyi.wire.notification import headers_of

log = structlog.get_logger()

CLAIMED_S = 120
"""What is not learned of by then was left by a process that died."""
LETTERS_AT_ONCE, CALLS_AT_ONCE = 40, 4
"""Of one endpoint."""
UNSIGNED = "it has nothing to sign with"
_EVERY_S = 1.0


class Notifier:
    """One a business process; any number of them share the work."""

    def __init__(self, database: Database, institutions: Institutions, outside: Notifies, clock: Clock) -> None:
        self._database = database
        self._institutions = institutions
        self._outside = outside
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        await turning(self.turn, _EVERY_S, "notifications.waiting")

    async def turn(self) -> int:
        """Send what is due; how much there was."""
        now = self._clock.now()
        async with self._database.read() as tx:
            letters = await store.claim(tx, now, now + timedelta(seconds=CLAIMED_S), LETTERS_AT_ONCE)
        letters.sort(key=_place)
        await asyncio.gather(*(self._to_one(list(each)) for _, each in groupby(letters, key=_whose)))
        return len(letters)

    async def _to_one(self, letters: Sequence[Letter]) -> None:
        """All that is due at one endpoint. As soon as one is not taken the rest waits: it would fare no better."""
        told: list[Learned] = []
        secrets = await self._institutions.signing(letters[0].institution_id, self._clock.now())
        waiting = list(reversed(letters))
        while waiting and not any(each.problem for each in told):
            together = [waiting.pop() for _ in range(min(CALLS_AT_ONCE, len(waiting)))]
            told += await asyncio.gather(*(self._send(each, secrets) for each in together))
        told += [put_back(each, self._clock.now()) for each in waiting]
        await self._learn(letters[0], told)

    async def _send(self, letter: Letter, secrets: Sequence[tuple[Algorithm, str]]) -> Learned:
        content, now = letter.content(), self._clock.now()
        if not secrets:
            return learned(letter, UNSIGNED, now)
        headers = headers_of(letter.institution_id, letter.endpoint, secrets, now, token(), content)
        problem = await self._outside.notify(letter.endpoint, headers, content)
        return learned(letter, problem, self._clock.now())

    async def _learn(self, one: Letter, told: Sequence[Learned]) -> None:
        arrived = any(each.delivered_at for each in told)
        problem = next((each.problem for each in told if each.problem), "")
        async with self._database.transaction() as tx:
            await store.learn(tx, told)
            if arrived:
                await store.answers(tx, one.hospital_id, one.institution_id)
            elif problem:
                now = self._clock.now()
                await store.silent(tx, one.hospital_id, one.institution_id, problem, now, REST_S)
        if problem:
            log.warning("notification.not_taken", institution=one.institution_id, problem=problem)


def _whose(letter: Letter) -> tuple[int, str]:
    return letter.hospital_id, letter.institution_id


def _place(letter: Letter) -> tuple[int, str, int]:
    return letter.hospital_id, letter.institution_id, letter.notification_no
