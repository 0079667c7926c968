"""What insurance adds to payments. It answers no operations: the other domains put its steps into their plans."""

from yinyi.business.insurance.plans import QuoteSplit, SettleClaim
from yinyi.business.insurance.ports import InsuranceScheme


class InsuranceService:
    """One scheme, and the effects by which plans use it, for the registry of payments."""

    def __init__(self, scheme: InsuranceScheme) -> None:
        self.effects = (QuoteSplit(scheme), SettleClaim(scheme))
