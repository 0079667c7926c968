"""When the sessions of a hospital are made ready and settled by themselves."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec


class LineHours(msgspec.Struct, frozen=True, kw_only=True):
    """sign_on_from: sessions sign on by themselves from then on, each day. settle_from: the cut-over (日切); what was
    taken before is settled from then on. card_data_days: so long are sealed card data kept, for refunds."""

    sign_on_from: time = time(6)
    settle_from: time = time(0, 30)
    card_data_days: int = 180

    def may_sign_on(self, now: datetime, zone: ZoneInfo) -> bool:
        return now.astimezone(zone).time() >= self.sign_on_from

    def last_cut_over(self, now: datetime, zone: ZoneInfo) -> datetime:
        """The latest one that is not in the future."""
        local = now.astimezone(zone)
        day = local.date() if local.time() >= self.settle_from else local.date() - timedelta(days=1)
        return datetime.combine(day, self.settle_from, zone)

    def card_data_since(self, now: datetime) -> datetime:
        return now - timedelta(days=self.card_data_days)


USUAL = LineHours()
