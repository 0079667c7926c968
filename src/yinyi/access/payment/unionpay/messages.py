"""What is said to the host: requests as messages of ISO 8583. Pure.

Source: POS terminal specification, message formats of sign-on, purchase, void, refund, reversal, batch settlement.
"""

from collections.abc import Sequence
from functools import lru_cache

from yinyi.business.lines.session_model import Card, Desk, Detail, EntryMode, Original, ReversalReason, Totals
from yinyi.kernel.money import Fen
from yinyi.wire.iso8583.errors import FieldError
from yinyi.wire.iso8583.model import Header, Message, Profile
from yinyi.wire.iso8583.private_fields import DAY_UNKNOWN, De53, De60, De61, De63, De90, numbered
from yinyi.wire.iso8583.settlement_fields import Detail as WireDetail
from yinyi.wire.iso8583.settlement_fields import Side, pack_details, pack_totals, pack_upload_total
from yinyi.wire.iso8583.settlement_fields import Totals as WireTotals

CURRENCY = "156"
SINGLE, DOUBLE = "001", "003"
REASONS: dict[ReversalReason, str] = {"no_answer": "98", "failed_here": "96", "bad_mac": "A0", "other": "06"}
"""Field 39 of a reversal."""
_ENTRY = {"chip": "05", "contactless": "07", "stripe": "02", "stored": "01"}
_READS = {"chip": "5", "contactless": "5", "stripe": "2", "stored": ""}
_KIND = {"purchase": "22", "void": "23", "refund": "25", "balance": "01"}
_PROCESSING = {"purchase": "000000", "void": "200000", "refund": "200000", "balance": "310000"}
_LONGEST_PIN = "06"
_PIN_FORMS = {is_double: De53(is_double=is_double).pack() for is_double in (False, True)}

Fields = dict[int, str | bytes]


def _begun(desk: Desk) -> Fields:
    return {11: numbered(11, desk.trace_no, 6), 41: f"{desk.slot.terminal_no:<8}", 42: f"{desk.slot.merchant_no:<15}"}


def _header(profile: Profile, card: Card | None) -> Header | None:
    """Chip cards are another application (61) than magnetic stripes (60)."""
    if card is None or card.entry_mode not in ("chip", "contactless"):
        return None
    return _chip_header(profile.header)


@lru_cache(maxsize=64)
def _chip_header(known: Header) -> Header:
    return Header(
        tpdu=known.tpdu,
        application="61",
        software_version=known.software_version,
        terminal_state=known.terminal_state,
        reserved=known.reserved,
    )


def _add_card(fields: Fields, card: Card, is_double: bool) -> None:
    if not card.pan:
        raise FieldError(2, "there is no card")
    fields[2] = card.pan
    if card.expiry:
        fields[14] = card.expiry
    if card.sequence_no:
        fields[23] = card.sequence_no
    if card.chip_data:
        fields[55] = card.chip_data
    if card.pin_block:
        fields[22] = f"{_ENTRY[card.entry_mode]}1"
        fields[26] = _LONGEST_PIN
        fields[52] = card.pin_block
        fields[53] = _PIN_FORMS[is_double]
    else:
        fields[22] = f"{_ENTRY[card.entry_mode]}2"


@lru_cache(maxsize=1_024)
def _batch(kind: str, batch_no: int, entry_mode: EntryMode) -> str:
    reads = _READS[entry_mode]
    return De60(kind=kind, batch_no=batch_no, network_code="000", reads=reads, fallback="0" if reads else "").pack()


def sign_on(profile: Profile, desk: Desk, operator_no: str) -> Message:
    code = DOUBLE if profile.pik_bytes == 16 else SINGLE
    sixty = De60(kind="00", batch_no=desk.batch_no, network_code=code).pack()
    return Message("0800", _begun(desk) | {60: sixty, 63: _operator(operator_no)})


def managing(desk: Desk, network_code: str) -> Message:
    """Sign-off (002), echo (301)."""
    return Message(
        "0820", _begun(desk) | {60: De60(kind="00", batch_no=desk.batch_no, network_code=network_code).pack()}
    )


def purchase(profile: Profile, desk: Desk, amount_fen: Fen, card: Card, operator_no: str) -> Message:
    return _financial(profile, desk, "purchase", card, {4: numbered(4, amount_fen, 12)}, operator_no)


def balance(profile: Profile, desk: Desk, card: Card, operator_no: str) -> Message:
    return _financial(profile, desk, "balance", card, {}, operator_no)


def void(profile: Profile, desk: Desk, original: Original, operator_no: str) -> Message:
    more: Fields = {4: numbered(4, original.amount_fen, 12), 61: _of(original, with_date=False)}
    return _financial(profile, desk, "void", _without_pin(original.card), more | _approval(original), operator_no)


def refund(profile: Profile, desk: Desk, original: Original, amount_fen: Fen, operator_no: str) -> Message:
    more: Fields = {4: numbered(4, amount_fen, 12), 61: _of(original, with_date=True)}
    if original.approved is not None:
        more[37] = original.approved.retrieval_ref
    return _financial(profile, desk, "refund", _without_pin(original.card), more, operator_no, mti="0220")


def reversal(profile: Profile, desk: Desk, original: Original, why: ReversalReason, tries: int) -> Message:
    """Under the original's own trace number, with what identified it. What is reversed is the original that 61 and 90
    name: of a void that is the void itself, and not the purchase that it was to cancel."""
    card = original.card
    fields = _begun(desk) | {
        3: _PROCESSING[original.kind],
        4: numbered(4, original.amount_fen, 12),
        25: "00",
        39: REASONS[why],
        49: CURRENCY,
        60: _batch(_KIND[original.kind], desk.batch_no, card.entry_mode),
    }
    _add_card(fields, _without_pin(card), is_double=True)
    fields[61] = _of(original, with_date=False)
    if original.approved is not None and original.approved.auth_code:
        fields[38] = original.approved.auth_code
    if 90 in profile.fields:
        sent = original.sent_at.strftime("%m%d%H%M%S")
        fields[90] = De90(mti="0200", trace_no=original.trace_no, transmitted=sent).pack()
    again = tries > 0
    mti = profile.reversal_repeat_mti() if again else profile.reversal_mti
    return Message(mti, _known(profile, fields), has_mac=True, header=_header(profile, card))


def settle(desk: Desk, totals: Totals, operator_no: str, has_mac: bool) -> Message:
    side = Side(debit_fen=totals.debit_fen, debits=totals.debits, credit_fen=totals.credit_fen, credits=totals.credits)
    fields: Fields = {
        48: pack_totals(WireTotals(domestic=side)),
        49: CURRENCY,
        60: De60(kind="00", batch_no=desk.batch_no, network_code="201").pack(),
        63: _operator(operator_no),
    }
    return Message("0500", _begun(desk) | fields, has_mac=has_mac)


def upload(desk: Desk, details: Sequence[Detail], card_class: str, has_mac: bool) -> Message:
    wired = [
        WireDetail(card_class=card_class, trace_no=each.trace_no, pan=each.pan, amount_fen=each.amount_fen)
        for each in details
    ]
    return _uploading(desk, "201", pack_details(wired), has_mac)


def end_upload(desk: Desk, count: int, has_mac: bool, *, balanced: bool = False) -> Message:
    return _uploading(desk, "207" if balanced else "202", pack_upload_total(count), has_mac)


def _uploading(desk: Desk, network_code: str, forty_eight: str, has_mac: bool) -> Message:
    sixty = De60(kind="00", batch_no=desk.batch_no, network_code=network_code).pack()
    return Message("0320", _begun(desk) | {48: forty_eight, 60: sixty}, has_mac=has_mac)


def _financial(
    profile: Profile, desk: Desk, kind: str, card: Card, more: Fields, operator_no: str, mti: str = "0200"
) -> Message:
    fields = _begun(desk)
    fields[3] = _PROCESSING[kind]
    fields[25] = "00"
    fields[49] = CURRENCY
    fields[60] = _batch(_KIND[kind], desk.batch_no, card.entry_mode)
    fields[63] = _operator(operator_no)
    _add_card(fields, card, is_double=profile.pik_bytes == 16)
    fields.update(more)
    return Message(mti, _known(profile, fields), has_mac=True, header=_header(profile, card))


@lru_cache(maxsize=64)
def _operator(operator_no: str) -> str:
    return De63(code=operator_no).pack()


def _known(profile: Profile, fields: Fields) -> Fields:
    """A dialect leaves out what it has no field for."""
    if fields.keys() <= profile.fields.keys():
        return fields
    return {number: value for number, value in fields.items() if number in profile.fields}


def _of(original: Original, *, with_date: bool) -> str:
    day = original.on_day or DAY_UNKNOWN if with_date else ""
    return De61(batch_no=original.batch_no, trace_no=original.trace_no, month_day=day).pack()


def _approval(original: Original) -> Fields:
    found = original.approved
    if found is None:
        return {}
    approval: Fields = {37: found.retrieval_ref}
    if found.auth_code:
        approval[38] = found.auth_code
    return approval


def _without_pin(card: Card) -> Card:
    return Card(
        pan=card.pan,
        entry_mode=card.entry_mode,
        sequence_no=card.sequence_no,
        expiry=card.expiry,
        chip_data=card.chip_data,
    )
