"""The decoder's words to ours. Its names: interface standard of designated institutions, §1.14.6 (``ec.query``)."""

from typing import Any

import msgspec

from yinyi.access.insurance.certificates.config import CertificatesConfig
from yinyi.business.identity.errors import DecoderUnavailable
from yinyi.business.identity.model import CertificateHolder, CertificateRefused


class _Answer(msgspec.Struct, frozen=True, kw_only=True):
    code: int | str
    data: dict[str, Any] | None = None


def question(config: CertificatesConfig, code: str) -> bytes:
    """``{transType, orgId, data: {…}}``."""
    data = {
        "orgId": config.institution_id,
        "businessType": config.business_type,
        "operatorId": config.operator_id,
        "operatorName": config.operator_name,
        "officeId": config.office_id,
        "officeName": config.office_name,
        config.code_field: code,
    }
    return msgspec.json.encode({"transType": config.trans_type, "orgId": config.institution_id, "data": data})


def answer(config: CertificatesConfig, said: bytes) -> CertificateHolder | CertificateRefused:
    """
    Raises:
        DecoderUnavailable: nothing follows from what it says.
    """
    try:
        told = msgspec.json.decode(said, type=_Answer)
    except msgspec.MsgspecError:
        raise DecoderUnavailable("not an answer") from None
    code = str(told.code)
    if code in config.refusals:
        return config.refusals[code]
    number, name = ((told.data or {}).get(field) for field in ("idNo", "userName"))
    if code != config.ok_code or not isinstance(number, str) or not isinstance(name, str) or not (number and name):
        raise DecoderUnavailable("not an answer")
    return CertificateHolder(number=number.strip().upper(), name=name.strip())
