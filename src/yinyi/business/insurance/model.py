"""Words of insurance: what a scheme is asked to settle, and how it divides a bill. Plain data.

NHSA's names (定点医药机构接口规范) stand beside ours where there is one.
"""

from typing import Any

import msgspec

from yinyi.kernel.money import Fen


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be settled; stands in the plan's facts.

    person_no: of the insured, at the scheme (psn_no); it says nothing by itself. encounter_no: of the visit (mdtrt_id).
    batch_no: of the charges that were uploaded for it (chrg_bchno). insurance_type (insutype), visit_type (med_type):
    codes of the scheme's dictionary. use_account: whether the personal account pays before the patient does
    (acct_used_flag). amount_fen: the whole bill (medfee_sumamt).
    """

    scheme: str
    person_no: str
    encounter_no: str
    batch_no: str
    insurance_type: str
    visit_type: str
    amount_fen: Fen
    use_account: bool = True

    def as_json(self) -> dict[str, Any]:
        """For ``Plan.facts``."""
        return {"claim": msgspec.to_builtins(self)}


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays how much of a bill: the fund (fund_pay_sumamt), the patient's personal account at the scheme (acct_pay),
    and he himself (psn_cash_pay). Their sum is the bill."""

    fund_fen: Fen
    account_fen: Fen
    cash_fen: Fen

    @property
    def whole_fen(self) -> Fen:
        return Fen(self.fund_fen + self.account_fen + self.cash_fen)

    @property
    def scheme_fen(self) -> Fen:
        """What the scheme comes to owe the hospital."""
        return Fen(self.fund_fen + self.account_fen)

    @property
    def is_sound(self) -> bool:
        return min(self.fund_fen, self.account_fen, self.cash_fen) >= 0
