"""The fleet: which payments this process drives, and how it finds the next ones."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context

import structlog

from yinyi.bus.forgetting import Whose
from yinyi.bus.together import Together
from yinyi.business.payments import lost_time, signals, store
from yinyi.business.payments.drive import Drive, Fresh, LeaseLost, Means, Outdated
from yinyi.business.payments.known import KnownPlans
from yinyi.business.payments.lease import Lease
from yinyi.business.payments.plan import Plan
from yinyi.business.payments.pushes import Pushes
from yinyi.business.payments.rows import FreshCallback, PendingCallback
from yinyi.kernel.asking import nobody_asks

log = structlog.get_logger()

EVERY_S = 0.5
RESERVED_S = 5.0
"""Longer than from a commit to the wait that follows it; a request that dies in between is found as an orphan."""
AT_ONCE = 200
WORTH_A_LOOK = 32
"""So many more there has to be room for: many small claims come while the others are driven, a large one instead."""
AT_A_BREATH = 16
"""So many are begun before those that were begun earlier go on."""
FAILURES = 3
"""In a row: a payment that this release cannot drive is no secret; nothing else would ever call people to it."""
_jitter = random.SystemRandom()


class Driver:
    """Drives what is due, what is woken, and what a dead process left. One waiting payment never blocks another."""

    def __init__(
        self,
        means: Means,
        say: Callable[[str, bytes], None] = lambda _subject, _body: None,
        at_once: int = AT_ONCE,
        changed: Callable[[Whose], None] = lambda _: None,
    ) -> None:
        """``say`` pushes to screens that a payment has changed, ``changed`` is told whose it is. While it drives
        ``at_once``, it looks for no more."""
        self._means = means
        self._at_once = at_once
        self._pushes = Pushes(say, changed)
        self._active: dict[int, asyncio.Task[None]] = {}
        self._woken: dict[int, int] = {}
        self._next: dict[int, tuple[Plan, str]] = {}
        self._moved: dict[int, set[asyncio.Future[Plan | None]]] = defaultdict(set)
        self._stopping = False
        self._reserved: dict[int, float] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._room = means.limits.room
        self._failures = Counter[int]()
        self._more_left_behind = False
        self._looked_at = store.FIRST

    @property
    def means(self) -> Means:
        return self._means

    @property
    def lease(self) -> Lease:
        return self._means.lease

    @property
    def known(self) -> KnownPlans:
        return self._means.known

    @property
    def together(self) -> Together:
        return self._means.together

    def wake(self, hospital_id: int, payment_id: int) -> None:
        """Something about this payment was committed: look at it now. Costs nothing if somebody else drives it."""
        if self._stopping:
            return
        if payment_id in self._active:
            self._woken[payment_id] = hospital_id
            return
        self._active[payment_id] = asyncio.create_task(self._drive(hospital_id, payment_id))

    def ask_about(self, hospital_id: int, payment_id: int) -> None:
        """Lost time was not asked about for this payment, and now somebody wants some of it back. His transaction,
        which is open and comes to nothing, is none of ours."""
        asking = asyncio.create_task(self._ask_about(hospital_id, payment_id), context=Context())
        self._asking.add(asking)
        asking.add_done_callback(self._asking.discard)

    async def _ask_about(self, hospital_id: int, payment_id: int) -> None:
        """If it fails, whoever wants it comes again."""
        with suppress(Exception):
            async with self._means.database.read() as tx:
                await lost_time.ask_about(tx, hospital_id, payment_id, self._means.clock.now())
            self.wake(hospital_id, payment_id)

    def reserve(self, payment_id: int) -> None:
        """A transaction is about to take this payment's lease for us: ``look`` leaves it to ``begin`` for a while."""
        now = _now_s()
        self._reserved = {known: until for known, until in self._reserved.items() if until > now}
        self._reserved[payment_id] = now + RESERVED_S

    def begin(self, plan: Plan, leaving: str, epoch: int) -> None:
        """Drive a payment whose lease this process has taken together with the change it made: ``plan`` is as on disk
        under ``epoch``, ``leaving`` the step whose call is marked there. A task of ours that has not quite left it yet
        goes first: nobody but us will ever send what is marked."""
        payment_id = plan.payment_id
        reserved = self._reserved.pop(payment_id, 0.0) > _now_s()
        if self._stopping:
            return
        if not reserved or epoch != self.lease.epoch:
            self.wake(plan.hospital_id, payment_id)
            return
        if payment_id in self._active:
            self._next[payment_id] = plan, leaving
            return
        drive = self._drive(plan.hospital_id, payment_id, plan, leaving)
        self._active[payment_id] = asyncio.create_task(drive)

    def take_over(self, plan: Plan, pending: Sequence[PendingCallback], left_behind: bool = False) -> None:
        """Drive a payment that has been taken up for this process: ``plan`` is as on disk, without these callbacks.
        One that was ``left_behind`` goes its first step, and the others only when all of them have gone theirs."""
        payment_id = plan.payment_id
        if self._stopping or payment_id in self._active:
            self.wake(plan.hospital_id, payment_id)
            return
        drive = self._drive(plan.hospital_id, payment_id, plan, pending=pending, left_behind=left_behind)
        self._active[payment_id] = asyncio.create_task(drive)

    async def told(self, plan: Plan, callback: FreshCallback) -> bool:
        """Drive a payment that nobody drives by a callback that is not on disk yet: ``plan`` is as this process knows
        it. True once both are written; False: nothing was, and the callback has to be kept by itself."""
        payment_id = plan.payment_id
        if self._stopping or payment_id in self._active:
            return False
        fresh = Fresh(callback, asyncio.get_running_loop().create_future())
        drive = self._drive(plan.hospital_id, payment_id, plan, fresh=fresh)
        self._active[payment_id] = asyncio.create_task(drive)
        with self.together.aside():
            return await fresh.kept

    async def moved(self, payment_id: int, within_s: float) -> Plan | None:
        """The plan as soon as this process has moved it; None when it has not within that time."""
        change: asyncio.Future[Plan | None] = asyncio.get_running_loop().create_future()
        self._moved[payment_id].add(change)
        try:
            async with asyncio.timeout(within_s):
                with self.together.aside():
                    return await change
        except TimeoutError:
            return None
        finally:
            self._moved[payment_id].discard(change)
            if not self._moved[payment_id]:
                del self._moved[payment_id]

    def active(self, payment_id: int) -> bool:
        return payment_id in self._active

    async def run(self) -> None:
        """Until cancelled: look for what is due."""
        while True:
            room = self._at_once - self._driven()
            try:
                more = await self.look() >= room
            except Exception as error:  # the database is away; leases are fenced, so nothing goes wrong meanwhile
                log.warning("driver.waiting", why=type(error).__name__)
                more = False
            wait_s = EVERY_S * (0.8 + 0.4 * _jitter.random())
            if more:
                await self._until_room(wait_s)
            else:
                await asyncio.sleep(wait_s)

    async def _until_room(self, within_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while self._crowded():
                    self._room.clear()
                    await self._room.wait()

    def _crowded(self) -> bool:
        return self._driven() > self._at_once - WORTH_A_LOOK

    def _driven(self) -> int:
        """Those that wait for a place at their channel are in nobody's way: one that is slow leaves the others room."""
        return max(0, len(self._active) - self._means.limits.waiting)

    async def look(self) -> int:
        """Claim what is due, as much as there is room for, and start driving it; how many were found."""
        room = self._at_once - self._driven()
        if room <= 0 or not self.lease.good_for(1.0):
            return 0
        now = self._means.clock.now()
        async with self._means.database.read() as tx:
            held = [*self._active, *(each for each, until in self._reserved.items() if until > _now_s())]
            epoch = self.lease.epoch
            due = await store.claim_due(tx, epoch, now, held, room, self._looked_at)
        left = [each for each in due if each.left_by is not None]
        self._looked_at = store.place_behind(left) if len(left) == room else store.FIRST
        self._more_left_behind = sum(each.left_by != epoch for each in left) == room
        for number, each in enumerate(due, start=1):
            if each.plan is not None:
                self.take_over(each.plan, each.callbacks, left_behind=each.left_by not in (None, epoch))
            else:
                self.wake(each.hospital_id, each.payment_id)
            if number % AT_A_BREATH == 0:
                await asyncio.sleep(0)
        return len(due)

    def _have_not_been_asked(self) -> bool:
        return self._more_left_behind

    async def stop(self, patience_s: float = 6.0) -> None:
        """Let calls that are out come home, then hand the lease back."""
        self._stopping = True
        if self._active:
            await asyncio.wait(list(self._active.values()), timeout=patience_s)
        for task in self._active.values():
            task.cancel()
        with suppress(Exception):
            await self.lease.hand_back()

    async def _drive(
        self,
        hospital_id: int,
        payment_id: int,
        known: Plan | None = None,
        leaving: str = "",
        pending: Sequence[PendingCallback] = (),
        fresh: Fresh | None = None,
        left_behind: bool = False,
    ) -> None:
        nobody_asks()
        plan = known
        try:
            epoch = self.lease.epoch
            drive = Drive(self._means, hospital_id, payment_id, epoch, self._tell, known, leaving, pending, fresh)
            if left_behind:
                drive.others_first = self._have_not_been_asked
            with self.together.in_hand():
                plan = await drive.run()
            self._failures.pop(payment_id, None)
        except Outdated:
            plan = None
        except LeaseLost:
            log.info("driver.lease_lost", payment_id=payment_id)
        except Exception:
            log.exception("driver.failed", payment_id=payment_id)
            await self._failed(hospital_id, payment_id)
            await asyncio.sleep(0.5)
        finally:
            self._active.pop(payment_id, None)
            if not self._crowded():
                self._room.set()
            if fresh is not None:
                fresh.tell(False)
            self._resolve(payment_id, plan)
            self._go_on(payment_id)

    async def _failed(self, hospital_id: int, payment_id: int) -> None:
        """It is tried on; people are called to it unless the database is away, and with it all payments."""
        self._failures[payment_id] += 1
        if self._failures[payment_id] % FAILURES:
            return
        with suppress(Exception):
            async with self._means.database.read() as tx:
                await signals.call_people(tx, hospital_id, payment_id, self._means.clock.now(), self.lease.epoch)

    def _go_on(self, payment_id: int) -> None:
        """A task has left this payment: what has come for it meanwhile."""
        following = self._next.pop(payment_id, None)
        if following is not None and not self._stopping:
            plan, leaving = following
            drive = self._drive(plan.hospital_id, payment_id, plan, leaving)
            self._active[payment_id] = asyncio.create_task(drive)
        elif payment_id in self._woken:
            self.wake(self._woken.pop(payment_id), payment_id)

    def _tell(self, plan: Plan, changed: bool, rests: bool) -> None:
        self._pushes.written(plan, changed, rests)
        self._resolve(plan.payment_id, plan)

    def _resolve(self, payment_id: int, plan: Plan | None) -> None:
        for change in self._moved.get(payment_id, ()):
            if not change.done():
                change.set_result(plan)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
