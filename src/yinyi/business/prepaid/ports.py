"""What prepaid accounts ask of the hospital."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from yinyi.business.prepaid.model import HospitalCharge


@runtime_checkable
class ListsCharges(Protocol):
    """The hospital keeps a list of what its own rooms have charged to prepaid accounts. Reads raise
    ``HospitalUnavailable``."""

    async def account_charges(self, since: datetime, until: datetime) -> Sequence[HospitalCharge]:
        """Charged in that time, both ends included, as each stands now."""
        ...
