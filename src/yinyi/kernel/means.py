"""What a means of payment calls itself where people see it, and the name by which everything else knows it."""

import re
from typing import Annotated, Literal, get_args

import msgspec

from yinyi.kernel.money import Fen

_NAME = r"[a-z][a-z0-9_]{1,31}"
TenderName = Annotated[str, msgspec.Meta(pattern=rf"^{_NAME}(?![\s\S])")]
"""支付方式: ``wechatpay``, ``bank_card``, or whatever a connector is called."""
MaybeTender = Annotated[str, msgspec.Meta(pattern=rf"^({_NAME})?(?![\s\S])")]
"""The same, or empty: none has been chosen."""
_TENDER = re.compile(_NAME)

MeansIcon = Literal["smartphone", "wallet", "scan-qr-code", "credit-card"]
_LONGEST, _LONGEST_EN = 8, 20
"""What a button holds."""


def is_tender(name: str) -> bool:
    """Whether it can be the name of a means of payment."""
    return _TENDER.fullmatch(name) is not None


class PaymentMeans(msgspec.Struct, frozen=True, kw_only=True):
    """Of a payment connector. Whether its code is shown or its payer's is scanned, its ports say.

    name, name_en: as its payers call it, at most 8 characters, in English at most 20. least_fen, most_fen: of one
    payment; others are not offered it.

    Raises:
        ValueError: something is missing, or it does not fit on a button.
    """

    name: str
    name_en: str
    icon: MeansIcon = "smartphone"
    least_fen: Fen = Fen(1)
    most_fen: Fen = Fen(10_000_000_00)

    def __post_init__(self) -> None:
        for said, longest in ((self.name, _LONGEST), (self.name_en, _LONGEST_EN)):
            if not (said == said.strip() and said.isprintable() and 0 < len(said) <= longest):
                raise ValueError(f"a means of payment is called by 1 to {longest} characters, not {said!r}")
        if self.icon not in get_args(MeansIcon):
            raise ValueError(f"there is no icon {self.icon!r}, only {', '.join(get_args(MeansIcon))}")
        if not 0 < self.least_fen <= self.most_fen:
            raise ValueError("no payment is at least least_fen and at most most_fen")

    def takes(self, amount_fen: int) -> bool:
        """Whether one payment may be over so much."""
        return self.least_fen <= amount_fen <= self.most_fen


class MeansWords(msgspec.Struct, frozen=True, kw_only=True):
    """What people read of a means that a connector has brought, be it connected now or only once."""

    tender: TenderName
    name: str
    name_en: str
    icon: MeansIcon = "smartphone"

    def said(self, chinese: bool) -> str:
        return self.name if chinese else self.name_en

    @property
    def both(self) -> str:
        """In both languages, as sheets say it."""
        return self.name if self.name == self.name_en else f"{self.name} {self.name_en}"


def plain(name: str) -> PaymentMeans:
    """Of a connector that does not say what it is called."""
    words = name.replace("_", " ").strip().title()
    return PaymentMeans(name=words[:_LONGEST].strip(), name_en=words[:_LONGEST_EN].strip())
