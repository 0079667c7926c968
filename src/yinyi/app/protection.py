"""A hospital's connector that asks for no turns by itself is kept from asking too much: each call to it is one turn."""

import inspect
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, get_type_hints

from yinyi.app.errors import CannotStart
from yinyi.business.billing.ports import Bills, ListsPostings
from yinyi.business.fiscal.ports import FiscalInvoices
from yinyi.business.identity.ports import PatientIndex
from yinyi.business.inpatient.ports import Inpatients, ListsDeposits
from yinyi.business.prepaid.ports import ListsCharges
from yinyi.business.reports.ports import ReportPictures, Reports
from yinyi.business.scheduling.ports import (
    ChecksIn,
    KnowsMissed,
    ListsNumbers,
    ReturnsLater,
    Schedules,
    TellsChanges,
)
from yinyi.kernel.clock import Clock
from yinyi.kernel.errors import HospitalUnavailable
from yinyi.kernel.outcome import Answer, NotSent, Outcome, Unknown
from yinyi.kernel.turns import MakeTurns, NoTurn, TurnRules, Turns

SYSTEM = "hospital"
"""The hospital counts the calls of all its connectors together."""
USUAL_AT_ONCE, USUAL_WAITING, USUAL_PATIENCE_S = 20, 200, 2.0
"""Where the connector's settings have no ``calls_at_once``, ``calls_waiting``, ``connect_timeout_s``."""
CUT_OFF_S = 1.0
PORTS: tuple[type, ...] = (
    *(PatientIndex, Schedules, ListsNumbers, ReturnsLater, ChecksIn, TellsChanges, KnowsMissed, Bills, ListsPostings),
    *(Inpatients, ListsDeposits, ListsCharges, Reports, ReportPictures, FiscalInvoices),
)
Method = Callable[..., Coroutine[Any, Any, Any]]


class AskedTurns:
    """``Surroundings.turns``, and whether the connector has asked for any: then it makes its calls in them itself."""

    def __init__(self, make: MakeTurns) -> None:
        self._make = make
        self.asked = False

    def __call__(self, rules: TurnRules, clock: Clock) -> Turns:
        self.asked = True
        return self._make(rules, clock)


def protected(connector: Any, config: object, asked: AskedTurns, clock: Clock) -> Any:
    """The connector itself where it asks for turns; else what has the same ports and is asked in turns.

    Raises:
        CannotStart: it does not say how long a call may take.
    """
    if asked.asked:
        return connector
    call_timeout_s: float | None = getattr(connector, "call_timeout_s", None)
    if call_timeout_s is None:
        raise CannotStart(f"The hospital's connector {type(connector).__name__} has no call_timeout_s.")
    rules = TurnRules(
        system=SYSTEM,
        at_once=getattr(config, "calls_at_once", USUAL_AT_ONCE),
        waiting=getattr(config, "calls_waiting", USUAL_WAITING),
        patience_s=getattr(config, "connect_timeout_s", USUAL_PATIENCE_S),
        longest_call_s=call_timeout_s + CUT_OFF_S,
    )
    return _in_turns(connector, asked(rules, clock))


def _in_turns(connector: Any, turns: Turns) -> Any:
    """An object of a class of its own, so that it has the ports that the connector has, and no other."""
    offered = [port for port in PORTS if isinstance(connector, port)]
    calls = {name: decides for port in offered for name, decides in _calls(port).items()}
    names = {name for name in dir(connector) if not name.startswith("_")}
    told = {name: _by_turn(getattr(connector, name), turns, calls[name]) for name in names & calls.keys()}
    rest = {name: property(lambda _, name=name: getattr(connector, name)) for name in names - calls.keys()}
    of_class = {name: staticmethod(method) for name, method in told.items()}
    return type(f"{type(connector).__name__}InTurns", (), {**rest, **of_class})()


def _calls(port: type) -> dict[str, bool]:
    """What a port can be asked, and whether that changes something or asks what became of a change."""
    methods = inspect.getmembers(port, inspect.iscoroutinefunction)
    return {name: get_type_hints(method).get("return") in (Outcome, Answer) for name, method in methods}


def _by_turn(method: Method, turns: Turns, decides: bool) -> Method:
    @wraps(method)
    async def call(*values: Any, **named: Any) -> Any:
        try:
            return await turns.run(lambda: method(*values, **named), decides)
        except NoTurn as error:
            if decides:
                return NotSent(detail=str(error))
            raise HospitalUnavailable(str(error)) from error
        except TimeoutError as error:
            if decides:
                return Unknown(detail="it took too long")
            raise HospitalUnavailable("it took too long") from error

    return call
