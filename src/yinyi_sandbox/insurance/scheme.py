"""An insurance scheme without a protocol: visits, and what is settled of them, in memory. A sandbox gives it its own
words."""

import itertools
from dataclasses import dataclass
from typing import Any, Literal

Why = Literal["not_found", "not_insured", "other_parts", "reversed"]
_FUND, _ACCOUNT = 6, 1
"""Tenths of a bill."""


class Refused(Exception):
    """``why``: in one of four words."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


@dataclass(frozen=True)
class Parts:
    """Of a bill: the fund's, the personal account's, the patient's."""

    fund_fen: int
    account_fen: int
    cash_fen: int


@dataclass
class Settlement:
    """number: the scheme's own."""

    number: str
    encounter_no: str
    parts: Parts
    reversed: bool = False


class PlainScheme:
    """Also the hospital that uploads charges, and the books, as the conformance kit has them (``visit``,
    ``owed_fen``)."""

    def __init__(self) -> None:
        self._insured: dict[str, str] = {}
        self._settlements: dict[str, Settlement] = {}
        self._numbers = itertools.count(1)

    def visit(self, amount_fen: int) -> dict[str, Any]:
        """Somebody insured was seen for so much."""
        number = f"{next(self._numbers):06d}"
        self._insured[f"V{number}"] = f"P{number}"
        return {
            "person_no": f"P{number}",
            "encounter_no": f"V{number}",
            "batch_no": f"B{number}",
            "insurance_type": "310",
            "visit_type": "11",
        }

    def quote(self, person_no: str, encounter_no: str, amount_fen: int, use_account: bool) -> Parts:
        """
        Raises:
            Refused: not_insured.
        """
        if self._insured.get(encounter_no) != person_no:
            raise Refused("not_insured")
        fund, account = amount_fen * _FUND // 10, amount_fen * _ACCOUNT // 10 if use_account else 0
        return Parts(fund, account, amount_fen - fund - account)

    def settle(self, reference: str, encounter_no: str, agreed: Parts, divided: Parts) -> Settlement:
        """By one reference it is one settlement. ``agreed``: what the patient was told; ``divided``: how it is.

        Raises:
            Refused: other_parts, reversed.
        """
        if agreed != divided:
            raise Refused("other_parts")
        number = f"S{next(self._numbers):06d}"
        made = self._settlements.setdefault(reference, Settlement(number, encounter_no, divided))
        if made.reversed:
            raise Refused("reversed")
        return made

    def find(self, reference: str) -> Settlement:
        """
        Raises:
            Refused: not_found, reversed.
        """
        if reference not in self._settlements:
            raise Refused("not_found")
        if self._settlements[reference].reversed:
            raise Refused("reversed")
        return self._settlements[reference]

    def reverse(self, reference: str) -> None:
        """As if it had never been settled; what never was is no mistake."""
        if reference in self._settlements:
            self._settlements[reference].reversed = True

    def owed_fen(self, encounter_no: str) -> int:
        mine = [each for each in self._settlements.values() if each.encounter_no == encounter_no and not each.reversed]
        return sum(each.parts.fund_fen + each.parts.account_fen for each in mine)
