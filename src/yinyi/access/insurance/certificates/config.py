"""Settings of the decoder of insurance codes. What public material does not settle is a setting, marked (m)."""

from typing import Literal

import msgspec

Refusal = Literal["unreadable", "expired", "used", "foreign"]

_REFUSALS: dict[str, Refusal] = {"-1": "unreadable", "-2": "expired", "-3": "used", "-4": "foreign"}


class CertificatesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``decoder_url``: of the service in the hospital's network that holds the national component (``EcQuery``).

    institution_id: the hospital's own, 12 characters. operator_id, operator_name, office_id, office_name: who asks.
    trans_type, business_type: what is asked, and for which business; ``01101`` is registering (m: whether a decoder
    minds).
    code_field: how the scanned text is called in the question (m). ok_code: of an answer that names somebody (m).
    refusals: other codes, and what each means (m); any other is an answer that nothing follows from.
    """

    decoder_url: str
    institution_id: str = "H00000000000"
    operator_id: str = "kiosk"
    operator_name: str = "自助机"
    office_id: str = ""
    office_name: str = ""
    trans_type: str = "ec.query"
    business_type: str = "01101"
    code_field: str = "ecQrCode"
    ok_code: str = "0"
    refusals: dict[str, Refusal] = msgspec.field(default_factory=lambda: dict(_REFUSALS))
    connect_timeout_s: float = 2.0
    call_timeout_s: float = 5.0
    reply_limit_bytes: int = 8_192
