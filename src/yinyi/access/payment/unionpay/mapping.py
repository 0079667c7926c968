"""What the host has said, in the words of the bank line. Pure; the MAC has been looked at before."""

import re
from typing import cast, get_args

import msgspec

from yinyi.access.payment.unionpay.config import TriesTold
from yinyi.business.lines.key_model import WorkingPurpose
from yinyi.business.lines.session_model import (
    Approved,
    Declined,
    Delivered,
    LineAnswer,
    NoAnswer,
    Settled,
    SignedOn,
)
from yinyi.kernel.money import Fen
from yinyi.wire.iso8583.errors import Iso8583Error
from yinyi.wire.iso8583.header import SIGN_ON_AGAIN
from yinyi.wire.iso8583.model import Message, Profile
from yinyi.wire.iso8583.private_fields import unpack_54, unpack_60
from yinyi.wire.iso8583.response_codes import NO_RECORD, response_of
from yinyi.wire.iso8583.settlement_fields import unpack_totals
from yinyi.wire.iso8583.working_keys import split_keys

WRONG_PIN = "55"
MOST_TRIES = 9
_BALANCED, _NOT_BALANCED = "1", "2"


def of_transaction(asked: Message, said: Message) -> LineAnswer:
    """Of a purchase, a void, a refund, a balance. An approval over another amount is none that can be believed."""
    code = said.text(39)
    meant = response_of(code)
    if meant.verdict == "unknown":
        return NoAnswer(code=code, detail=f"the host has answered {code or 'nothing'}")
    if meant.verdict != "approved":
        must_sign_on, may_retry = _must_sign_on(said, meant.verdict), meant.verdict == "retry"
        return Declined(code=code, reason=meant.why, must_sign_on=must_sign_on, may_retry=may_retry)
    approved, wanted = said.text(4), asked.text(4)
    if approved and wanted and approved != wanted:
        return NoAnswer(why="other", code=code, detail="the host has approved another amount")
    return _approved(said)


def with_tries(answer: LineAnswer, said: Message, told: TriesTold | None) -> LineAnswer:
    """The same with what a host says beside a wrong PIN."""
    if told is None or not isinstance(answer, Declined) or answer.code != WRONG_PIN:
        return answer
    found = re.search(told.like, said.text(told.field))
    number = found[1] if found else None
    if number is None or not (number.isascii() and number.isdecimal()) or not 0 < int(number) <= MOST_TRIES:
        return answer
    return msgspec.structs.replace(answer, tries_left=int(number))


def of_reversal(asked: Message, said: Message) -> LineAnswer:
    """No record of the original is as good as reversed."""
    if said.text(39) == NO_RECORD:
        return Approved(retrieval_ref="", code=NO_RECORD, must_sign_on=_must_sign_on(said, "approved"))
    return of_transaction(asked, said)


def of_sign_on(profile: Profile, said: Message) -> SignedOn | LineAnswer:
    code = said.text(39)
    if response_of(code).verdict != "approved":
        return Declined(code=code, reason="not_permitted")
    keys = said.fields.get(62, b"")
    try:
        delivered = split_keys(
            keys if isinstance(keys, bytes) else b"", pik_bytes=profile.pik_bytes, mak_bytes=profile.mak_bytes
        )
        sixty = unpack_60(said.text(60)) if said.text(60) else None
    except Iso8583Error as error:
        return NoAnswer(why="other", code=code, detail=str(error))
    known = tuple(
        Delivered(cast(WorkingPurpose, each.purpose), each.encrypted, each.check_value)
        for each in delivered
        if each.purpose in get_args(WorkingPurpose)
    )
    return SignedOn(keys=known, batch_no=sixty.batch_no if sixty else None)


def of_settlement(said: Message) -> Settled | LineAnswer:
    code = said.text(39)
    if code and response_of(code).verdict != "approved":
        return of_transaction(said, said)
    try:
        result = unpack_totals(said.text(48)).domestic.result
    except Iso8583Error as error:
        return NoAnswer(why="other", code=code, detail=str(error))
    if result not in (_BALANCED, _NOT_BALANCED):
        return NoAnswer(why="other", code=code, detail="the host cannot say whether the batch is balanced")
    return Settled(balanced=result == _BALANCED)


def _approved(said: Message) -> Approved:
    amounts = unpack_54(said.text(54)) if said.text(54) else ()
    return Approved(
        retrieval_ref=said.text(37).strip(),
        auth_code=said.text(38).strip(),
        on_day=said.text(13),
        at_time=said.text(12),
        settled_on=said.text(15),
        issuer=said.text(44)[:11].strip(),
        amount_fen=Fen(amounts[0].amount_fen) if amounts else None,
        must_sign_on=_must_sign_on(said, "approved"),
    )


def _must_sign_on(said: Message, verdict: str) -> bool:
    asked_for = said.header is not None and said.header.processing_request == SIGN_ON_AGAIN
    return asked_for or verdict == "sign_on"
