"""A breaker for each kind of call to each channel: one that is dead is left alone, but for a probe at a time."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from yinyi.business.payments.rules import Rule, pause_s

Verb = Literal["do", "ask", "undo"]


@dataclass
class Breaker:
    """Opens after ``opens_after`` calls in a row that were not answered, within ``opens_within_s``, about more than one
    payment: one that stays in doubt says nothing about the channel.

    While it is open, one call at a time is let through: an ``ask`` or an ``undo`` at any time, a ``do``, which makes a
    patient wait, only after a pause (``probe_every_s``, longer each time). The first that is answered closes it.
    """

    rule: Rule
    opened_at: datetime | None = None
    probing: bool = False
    _silent: deque[tuple[datetime, int]] = field(default_factory=deque[tuple[datetime, int]])
    _probes: int = 0
    _probe_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.opened_at is not None

    def admits(self, verb: Verb, now: datetime) -> bool:
        """Whether this call may go out now. If the breaker is open, it is the probe; see ``heard`` and ``left``."""
        if not self.is_open:
            return True
        if self.probing or (verb == "do" and self._probe_at is not None and now < self._probe_at):
            return False
        self.probing = True
        return True

    def left(self) -> None:
        """The probe is over, answered or not."""
        self.probing = False

    def heard(self, answered: bool, payment_id: int, now: datetime, jitter: float) -> bool:
        """What became of a call. True: the breaker has opened or closed by it. ``jitter``: from 0 up to 1."""
        was_open = self.is_open
        if answered:
            self.opened_at = self._probe_at = None
            self._probes = 0
            self._silent.clear()
            return was_open
        self._silent.append((now, payment_id))
        while len(self._silent) > self.rule.opens_after or now - self._silent[0][0] > self._window:
            self._silent.popleft()
        if not was_open and not self._is_dead():
            return False
        self.opened_at = self.opened_at or now
        pause = pause_s(self.rule.probe_every_s, self._probes) * (1 + self.rule.spread * jitter)
        self._probe_at = now + timedelta(seconds=pause)
        self._probes += 1
        return not was_open

    @property
    def _window(self) -> timedelta:
        return timedelta(seconds=self.rule.opens_within_s)

    def _is_dead(self) -> bool:
        return len(self._silent) >= self.rule.opens_after and len({payment for _, payment in self._silent}) > 1
