"""Answers in bytes: what all of them have, what this one has beside, and what a fault makes of it."""

import msgspec

from yinyi.wire.iso8583.codec import pack
from yinyi.wire.iso8583.framing import framed
from yinyi.wire.iso8583.header import NOTHING, SIGN_ON_AGAIN, reply_header
from yinyi.wire.iso8583.model import Message, answer_mti
from yinyi.wire.iso8583.response_codes import NO_RECORD
from yinyi_sandbox.bank.days import Days
from yinyi_sandbox.bank.keys import seal
from yinyi_sandbox.bank.model import Reply, Session
from yinyi_sandbox.bank.requests import MONEY, Request
from yinyi_sandbox.bank.store import Store

ACQUIRER = "99990001"
"""Field 32: this bank's number as an institution; it is nobody's."""
_REPEATED = (2, 3, 4, 25, 49)
_SEALED_CODES = ("00", "10")
_NO_MESSAGE = b"\xff" * 40


class Answers:
    """Writes what the rules have decided."""

    def __init__(self, store: Store, days: Days) -> None:
        self._store = store
        self._days = days

    def write(self, request: Request, session: Session | None, reply: Reply, spoilt: str) -> bytes:
        """The answer with its length before it. spoilt: the kind of a fault; those that spoil nothing do not matter."""
        if spoilt == "garbage":
            return framed(request.profile, _NO_MESSAGE)
        profile = request.profile
        fields = self._fields(request, reply)
        if spoilt == "foreign":
            fields[41] = "99999999"
        if spoilt == "wrong_amount":
            fields[4] = f"{request.amount_fen + 1:012}"
        says_no_record = request.kind == "reversal" and reply.code == NO_RECORD
        has_seal = reply.code in _SEALED_CODES or (says_no_record and profile.no_record_has_mac)
        is_sealed = session is not None and bool(session.mak) and has_seal
        has_mac = is_sealed and (request.kind in MONEY or bool(request.mac)) and spoilt != "no_mac"
        wish = SIGN_ON_AGAIN if spoilt == "ask_sign_on" else NOTHING
        header = reply_header(profile, request.message.header or profile.header, wish)
        packed = pack(profile, Message(answer_mti(request.message.mti), fields, has_mac, header))
        if not has_mac or session is None:
            return framed(profile, packed.body)
        made = seal(profile, session, packed.mac_over)
        if spoilt == "wrong_mac":
            made = bytes([made[0] ^ 1]) + made[1:]
        return framed(profile, packed.with_mac(made))

    def _fields(self, request: Request, reply: Reply) -> dict[int, str | bytes]:
        moment, asked = self._days.moment(request.came_at), request.message.fields
        fields: dict[int, str | bytes] = {
            11: asked[11],
            12: moment.at_time,
            13: moment.on_day,
            15: moment.settled_on,
            32: ACQUIRER,
            39: reply.code,
            41: asked[41],
            42: asked[42],
            60: asked[60],
        }
        for number in _REPEATED:
            if number in asked:
                fields[number] = asked[number]
        if request.pan:
            fields[2] = request.pan
        if request.kind in MONEY:
            fields[63] = "CUP"
        fields.update(reply.fields)
        if 37 not in fields:
            fields[37] = f"{self._store.next_number():012}"
        return fields


def with_batch(request: Request, batch_no: int) -> str:
    """Field 60 of an answer to a sign-on: which batch is to be used."""
    return msgspec.structs.replace(request.de60, batch_no=batch_no).pack()
