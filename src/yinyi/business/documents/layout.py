"""From what a slip is about to the blocks that ``slip.typ`` draws, from top to bottom. No sizes here, and no I/O."""

import unicodedata
from datetime import datetime, tzinfo
from typing import Any

from yinyi.business.documents.model import (
    AppointmentSlip,
    CardFacts,
    CheckingSlip,
    FiscalSlip,
    HoldSlip,
    ReceiptSlip,
    RefundSlip,
    RegistrationSlip,
    SlipData,
    Visit,
)
from yinyi.business.documents.words import WORDS
from yinyi.kernel.masking import masked_name, masked_number
from yinyi.kernel.money import yuan

Block = dict[str, Any]
"""``kind`` and the texts of the block, as JSON values; the kinds are the functions of ``slip.typ``."""

_LONGEST = 60
_WEEKDAYS_ZH = "一二三四五六日"
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RULE: Block = {"kind": "rule"}


def clean(text: str, longest: int = _LONGEST) -> str:
    """Printable text on one line: no control, direction or loose combining marks, never longer than ``longest``."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(" " if one.isspace() else one for one in composed if one.isspace() or _printable(one))
    kept = " ".join(kept.split())
    if len(kept) > longest:
        kept = kept[: longest - 1] + "…"
    return kept


def blocks(slip: SlipData, zone: tzinfo) -> list[Block]:
    """The whole slip, header and footer too, in its language and in the hospital's time zone."""
    page = _Page(slip, zone)
    match slip:
        case RegistrationSlip():
            body = page.registration(slip)
        case AppointmentSlip():
            body = page.appointment(slip)
        case ReceiptSlip():
            body = page.receipt(slip)
        case HoldSlip():
            body = page.hold(slip)
        case CheckingSlip():
            body = page.checking(slip)
        case RefundSlip():
            body = page.refund(slip)
        case FiscalSlip():
            body = page.fiscal(slip)
    return [page.header(), *body, *page.guardian(), *page.footer()]


class _Page:
    def __init__(self, slip: SlipData, zone: tzinfo) -> None:
        self._slip = slip
        self._zone = zone
        self._words = WORDS[slip.language]
        self._name = slip.__struct_config__.tag

    def header(self) -> Block:
        return {
            "kind": "header",
            "hospital": clean(self._slip.hospital),
            "title": self._word(f"title.{self._name}"),
            "copy": self._word("copy") if self._slip.copy else "",
        }

    def guardian(self) -> list[Block]:
        """Who has come with the child."""
        guardian = clean(masked_name(self._slip.guardian)) if self._slip.guardian else ""
        return [self._fact("guardian", guardian)] if guardian else []

    def footer(self) -> list[Block]:
        number = clean(self._slip.payment_no, 64)
        return [
            _RULE,
            {
                "kind": "qr",
                "label": self._word("payment_no"),
                "groups": _in_groups(number, 8),
                "caption": self._word(f"qr.{self._name}"),
            },
            _RULE,
            {
                "kind": "footer",
                "lines": [clean(self._slip.terminal), f"{self._local(self._slip.printed_at):%Y-%m-%d %H:%M:%S}"],
            },
        ]

    def registration(self, slip: RegistrationSlip) -> list[Block]:
        visit = slip.visit
        ahead = ""
        if slip.queue_ahead is not None:
            ahead = self._word("ahead" if slip.queue_ahead else "ahead.none", count=slip.queue_ahead)
        return [
            self._with_whom(visit),
            self._number(visit, ahead),
            _RULE,
            self._fact("room", clean(visit.room, 12), "room"),
            *self._when(visit),
            {
                "kind": "note",
                "text": self._word("next.registration", place=clean(visit.place), room=clean(visit.room, 12)),
            },
            self._patient(visit),
            self._fact("paid", self._amount(slip.amount_fen), "strong"),
            self._fact("", f"{self._channel(slip.channel)} {self._moment(slip.paid_at)}"),
            *(self._card(slip.card) if slip.card else ()),
        ]

    def appointment(self, slip: AppointmentSlip) -> list[Block]:
        visit = slip.visit
        starts = self._local(visit.starts_at)
        paid = [
            self._fact("paid", self._amount(slip.amount_fen), "strong"),
            self._fact("", self._channel(slip.channel)),
        ]
        owed = [self._fact("due", self._amount(slip.amount_fen), "strong"), self._fact("", self._word("due.check_in"))]
        until = slip.cancel_until
        return [
            self._with_whom(visit),
            {
                "kind": "deadline",
                "label": self._word("appointment.on"),
                "value": self._day(starts),
                "text": f"{starts:%H:%M}–{self._local(visit.ends_at):%H:%M}",
            },
            self._fact("appointment.number", f"{visit.number}{self._word('number.suffix')}", "strong"),
            self._fact("room", clean(visit.room, 12), "room"),
            self._fact("place", clean(visit.place)),
            {"kind": "note", "text": self._word("next.appointment")},
            self._patient(visit),
            *(paid if slip.paid else owed),
            *([self._stacked("cancel_until", self._moment(until))] if until is not None else []),
            *(self._card(slip.card) if slip.card else ()),
        ]

    def receipt(self, slip: ReceiptSlip) -> list[Block]:
        facts = [self._labelled(clean(each.label), clean(each.value)) for each in slip.facts]
        number = masked_number(clean(slip.patient_no, 32))[-8:]
        return [
            {"kind": "heading", "lines": [clean(slip.purpose)], "texts": []},
            {"kind": "amount", "value": self._amount(slip.amount_fen)},
            *self._paid(slip),
            self._fact("", self._moment(slip.paid_at)),
            *facts,
            self._fact("patient", f"{clean(masked_name(slip.patient_name))} {number}"),
            *([{"kind": "note", "text": clean(slip.note, 120)}] if slip.note else []),
            self._stacked("ask_no", clean(slip.ask_no, 32), "big"),
            *(self._card(slip.card) if slip.card else ()),
        ]

    def _paid(self, slip: ReceiptSlip) -> list[Block]:
        """By which means; how much by each, where there are several."""
        if not slip.parts:
            return [self._fact("paid", self._channel(slip.channel), "strong")]
        said = [f"{self._channel(part.channel)} {self._amount(part.amount_fen)}" for part in slip.parts]
        return [self._fact("" if at else "paid", text, "strong") for at, text in enumerate(said)]

    def _card(self, card: CardFacts) -> list[Block]:
        numbers = f"{card.batch_no:06d} / {card.trace_no:06d}"
        facts = [
            _RULE,
            self._stacked("card.no", clean(card.card, 24)),
            self._stacked("card.merchant_no", clean(card.merchant_no, 20)),
            self._fact("card.terminal_no", clean(card.terminal_no, 12)),
            self._stacked("card.numbers", numbers),
            self._stacked("card.reference", clean(card.retrieval_ref, 20)),
        ]
        return [*facts, self._fact("card.auth_code", clean(card.auth_code, 8))] if card.auth_code else facts

    def hold(self, slip: HoldSlip) -> list[Block]:
        visit = slip.visit
        patient = clean(masked_name(visit.patient_name))
        return [
            self._with_whom(visit),
            self._number(visit, self._word("hold.unpaid")),
            {
                "kind": "deadline",
                "label": self._word("hold.until"),
                "value": self._moment(slip.held_until),
                "text": self._word("hold.late"),
            },
            self._stacked("hold.window", clean(slip.window), "big"),
            self._fact("due", self._amount(slip.amount_fen), "strong"),
            {
                "kind": "list",
                "label": self._word("hold.bring"),
                "items": [self._word(f"hold.bring.{item}", patient=patient) for item in (1, 2, 3)],
            },
            _RULE,
            self._fact("room", clean(visit.room, 12), "room"),
            self._fact("place", clean(visit.place)),
            *self._when(visit),
            self._patient(visit),
        ]

    def checking(self, slip: CheckingSlip) -> list[Block]:
        what = f"checking.{slip.known}"
        words = {"amount": self._amount(slip.amount_fen), "channel": self._channel(slip.channel)}
        points = (
            (self._word("checking.known"), self._word(f"{what}.known", at=self._moment(slip.known_at), **words)),
            (self._word("checking.unknown"), self._word(f"{what}.unknown")),
            (self._word("checking.next"), self._word(f"{what}.next", **words)),
            (self._word("checking.by", at=self._moment(slip.decided_by)), self._word(f"{what}.by", **words)),
        )
        return [
            {"kind": "heading", "lines": self._word(f"{what}.heading").split("\n"), "texts": []},
            *({"kind": "point", "label": label, "value": text} for label, text in points),
            {"kind": "alarm", "text": self._word("checking.again")},
            *self._asking(slip.ask_no, slip.window, slip.window_hours),
            _RULE,
            self._stacked("purpose", clean(slip.purpose)),
            self._fact("patient", clean(masked_name(slip.patient_name))),
            self._fact("amount", words["amount"], "strong"),
        ]

    def refund(self, slip: RefundSlip) -> list[Block]:
        done = slip.state == "done"
        facts = [
            self._fact("refund.to", self._channel(slip.channel), "strong"),
            self._fact("refund.at" if done else "refund.asked_at", self._moment(slip.refunded_at)),
        ]
        if slip.arrives_by is not None:
            facts.append(self._fact("refund.arrives", self._moment(slip.arrives_by)))
        return [
            {"kind": "heading", "lines": [self._word(f"refund.{slip.state}")], "texts": []},
            {"kind": "amount", "value": self._amount(slip.amount_fen)},
            *facts,
            self._fact("refund.reason", self._word(f"reason.{slip.reason}")),
            _RULE,
            self._stacked("purpose", clean(slip.purpose)),
            self._fact("patient", clean(masked_name(slip.patient_name))),
            self._stacked("refund_no", " ".join(_in_groups(clean(slip.refund_no, 64), 8))),
            _RULE,
            *self._asking(slip.ask_no, slip.window, ""),
        ]

    def fiscal(self, slip: FiscalSlip) -> list[Block]:
        number = masked_number(clean(slip.patient_no, 32))[-8:]
        return [
            {"kind": "heading", "lines": [clean(slip.purpose)], "texts": []},
            {"kind": "amount", "value": self._amount(slip.amount_fen)},
            self._stacked("fiscal.code", clean(slip.code, 24)),
            self._stacked("fiscal.number", clean(slip.number, 24), "big"),
            self._fact("fiscal.check_code", clean(slip.check_code, 24), "strong"),
            self._fact("fiscal.issued_at", self._moment(slip.issued_at)),
            self._fact("patient", f"{clean(masked_name(slip.patient_name))} {number}"),
            {"kind": "note", "text": self._word("fiscal.note")},
        ]

    def _asking(self, ask_no: str, window: str, hours: str) -> list[Block]:
        """The number to ask with and where to go with it."""
        asking = [
            self._stacked("ask_no", clean(ask_no, 32), "big"),
            self._stacked("ask.at", clean(window), "big"),
        ]
        return [*asking, self._fact("ask.hours", clean(hours))] if hours else asking

    def _with_whom(self, visit: Visit) -> Block:
        who = [clean(visit.practitioner), self._word(f"practitioner.{visit.title}")]
        texts = who if self._slip.language == "en" else [" ".join(who)]
        return {"kind": "heading", "lines": [clean(visit.department)], "texts": texts}

    def _number(self, visit: Visit, text: str) -> Block:
        return {"kind": "number", "value": str(visit.number), "suffix": self._word("number.suffix"), "text": text}

    def _when(self, visit: Visit) -> list[Block]:
        starts, ends = self._local(visit.starts_at), self._local(visit.ends_at)
        half = "morning" if starts.hour < 12 else "afternoon" if starts.hour < 18 else "evening"
        return [
            self._fact("when", f"{starts:%H:%M}–{ends:%H:%M}", "strong"),
            self._fact("", f"{self._day(starts)} {self._word(half)}"),
        ]

    def _patient(self, visit: Visit) -> Block:
        number = masked_number(clean(visit.patient_no, 32))[-8:]
        return self._fact("patient", f"{clean(masked_name(visit.patient_name))} {number}")

    def _fact(self, label: str, value: str, style: str = "plain") -> Block:
        return self._labelled(self._word(label) if label else "", value, style)

    def _labelled(self, label: str, value: str, style: str = "plain") -> Block:
        return {"kind": "fact", "label": label, "value": value, "style": style}

    def _stacked(self, label: str, value: str, style: str = "plain") -> Block:
        return {"kind": "stacked", "label": self._word(label), "value": value, "style": style}

    def _word(self, key: str, **values: object) -> str:
        return self._words[key].format_map(values)

    def _channel(self, name: str) -> str:
        """The slip says itself what it was called that we have no words of; at the worst, its plain name."""
        return self._words.get(f"channel.{name}") or clean(self._slip.names.get(name, "")) or name

    def _amount(self, amount_fen: int) -> str:
        return f"¥{yuan(amount_fen)}"

    def _local(self, instant: datetime) -> datetime:
        return instant.astimezone(self._zone)

    def _day(self, local: datetime) -> str:
        if self._slip.language == "en":
            return f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"
        return f"{local.month}月{local.day}日 周{_WEEKDAYS_ZH[local.weekday()]}"

    def _moment(self, instant: datetime) -> str:
        """The hour alone on the day of printing, the day too on another."""
        local = self._local(instant)
        hour = f"{local:%H:%M}"
        return hour if local.date() == self._local(self._slip.printed_at).date() else f"{self._day(local)} {hour}"


def _in_groups(number: str, size: int) -> list[str]:
    return [f"{number[at : at + size]}" for at in range(0, len(number), size)]


def _printable(one: str) -> bool:
    # Private and unassigned code points stay: they are how old systems write rare names, and a box is truer than a gap.
    return unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Mn", "Me")
