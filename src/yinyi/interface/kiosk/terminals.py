"""Which terminal a screen belongs to, asked at most every two seconds; an old answer serves while the bus is away."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from yinyi.bus.client import BusClient
from yinyi.bus.envelope import Credentials
from yinyi.business.terminals.messages import GetTerminal
from yinyi.business.terminals.model import TerminalView
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import NotAllowed

FRESH = timedelta(seconds=2)
MOST = 1000


@dataclass
class _Known:
    terminal: TerminalView
    fresh_until: datetime


class Terminals:
    """What this node knows of its screens' terminals, by screen token; the least recently seen are forgotten."""

    def __init__(self, bus: BusClient, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._asking: list[set[str]] = []
        """For each question that is on its way: the terminals at which something has happened since it left."""

    async def of(self, screen: str, *, anew: bool = False) -> TerminalView:
        """``anew``: ask, whatever is known.

        Raises:
            TerminalNotEnrolled: the screen is not paired (any more).
            PlatformUnavailable: the bus is away.
        """
        known = self._known.get(screen)
        now = self._clock.now()
        if known is not None and now < known.fresh_until and not anew:
            return known.terminal
        meanwhile = set[str]()
        self._asking.append(meanwhile)
        try:
            terminal = (await self._bus.ask(GetTerminal(), credentials=Credentials(terminal=screen))).reply
        except NotAllowed:
            self._known.pop(screen, None)
            raise
        finally:
            self._asking = [each for each in self._asking if each is not meanwhile]
        is_old = terminal.terminal_id in meanwhile
        self._known[screen] = _Known(terminal, now if is_old else now + FRESH)
        self._known.move_to_end(screen)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return terminal

    def last(self, screen: str) -> TerminalView | None:
        """How it was when it was asked last."""
        known = self._known.get(screen)
        return known.terminal if known else None

    def changed(self, terminal_id: str) -> None:
        """Something happened there: what is known is old now, and so may be what somebody is being told."""
        for meanwhile in self._asking:
            meanwhile.add(terminal_id)
        for known in self._known.values():
            if known.terminal.terminal_id == terminal_id:
                known.fresh_until = datetime.min.replace(tzinfo=known.fresh_until.tzinfo)
