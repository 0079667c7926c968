"""A hospital that is reached by trades, whatever carries them: all its ports."""

from typing import Protocol

from yinyi.access.hospital.trades import bills, bookings, charges, fiscal, patients, reports, schedules, stays
from yinyi.access.hospital.trades.trade import Carrier
from yinyi.business.payments.rules import AskPace, pace_of
from yinyi.kernel.plugin import Surroundings
from yinyi.kernel.turns import TurnRules

TRADES = (
    *(*patients.TRADES, *schedules.TRADES, *bookings.TRADES, *bills.TRADES),
    *(*stays.TRADES, *reports.TRADES, *fiscal.TRADES, *charges.TRADES),
)
"""All that a hospital is asked."""

SYSTEM = "hospital"
"""The hospital counts the calls of all its connectors together."""
CUT_OFF_S = 1.0
"""A carrier ends a call by itself in time; one that has not by then is cut off."""


class Limits(Protocol):
    """What the settings of every such connector say."""

    @property
    def calls_at_once(self) -> int: ...

    @property
    def calls_waiting(self) -> int: ...

    @property
    def call_timeout_s(self) -> float: ...

    @property
    def connect_timeout_s(self) -> float: ...

    @property
    def cache_s(self) -> float: ...


class TradesHospital(
    patients.PatientTrades,
    schedules.ScheduleTrades,
    bookings.BookingTrades,
    bills.BillTrades,
    stays.StayTrades,
    reports.ReportTrades,
    fiscal.FiscalTrades,
    charges.ChargeTrades,
):
    """Implements every port of a hospital. ``call_timeout_s``: after that the fate of a call is unknown. ``pace``: of
    the connector's settings, if it has one."""

    def __init__(self, carrier: Carrier, limits: Limits, around: Surroundings) -> None:
        self.call_timeout_s = limits.connect_timeout_s + limits.call_timeout_s
        self.pace = pace_of(limits, AskPace) or AskPace()
        rules = TurnRules(
            system=SYSTEM,
            at_once=limits.calls_at_once,
            waiting=limits.calls_waiting,
            patience_s=limits.connect_timeout_s,
            longest_call_s=self.call_timeout_s + CUT_OFF_S,
        )
        super().__init__(carrier, around.turns(rules, around.clock), limits.cache_s)

    async def start(self) -> None:
        await self.carrier.start()

    async def stop(self) -> None:
        await self.carrier.stop()

    async def misfits(self) -> list[str]:
        """A sentence for each trade that the hospital surely does not have as it would be asked here."""
        return await self.turns.run(lambda: self.carrier.misfits(TRADES), decides=False)
