"""A hospital that is reached by trades, whatever carries them: all its ports."""

from yinyi.access.hospital.trades import bills, bookings, fiscal, patients, reports, schedules, stays
from yinyi.access.hospital.trades.trade import Carrier

TRADES = (
    *(*patients.TRADES, *schedules.TRADES, *bookings.TRADES, *bills.TRADES),
    *(*stays.TRADES, *reports.TRADES, *fiscal.TRADES),
)
"""All that a hospital is asked."""


class TradesHospital(
    patients.PatientTrades,
    schedules.ScheduleTrades,
    bookings.BookingTrades,
    bills.BillTrades,
    stays.StayTrades,
    reports.ReportTrades,
    fiscal.FiscalTrades,
):
    """Implements every port of a hospital. ``call_timeout_s``: after that the fate of a call is unknown."""

    def __init__(self, carrier: Carrier, call_timeout_s: float, cache_s: float) -> None:
        super().__init__(carrier, cache_s)
        self.call_timeout_s = call_timeout_s

    async def start(self) -> None:
        await self.carrier.start()

    async def stop(self) -> None:
        await self.carrier.stop()

    async def misfits(self) -> list[str]:
        """A sentence for each trade that the hospital surely does not have as it would be asked here."""
        return await self.carrier.misfits(TRADES)
