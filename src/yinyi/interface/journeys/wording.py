"""Times, amounts and names as a page says them, in one language."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from types import SimpleNamespace
from typing import Protocol
from zoneinfo import ZoneInfo

from yinyi.business.terminals.model import machine_number
from yinyi.interface.journeys import children, codes, results, services, views, views_maintenance
from yinyi.interface.journeys.purposes import table
from yinyi.interface.journeys.purposes.purpose import Say
from yinyi.interface.text.catalogue import Catalogue
from yinyi.kernel.means import MeansWords
from yinyi.kernel.money import yuan

Brought = Sequence[MeansWords]


class Named(Protocol):
    """Something with a Chinese name and an English one, which may be empty."""

    @property
    def name(self) -> str: ...
    @property
    def name_en(self) -> str: ...


class Wording:
    """The functions that templates call."""

    def __init__(self, catalogue: Catalogue, zone: ZoneInfo) -> None:
        self._zone = zone
        self._english = catalogue.language == "en"
        self._weekdays = _weekdays(catalogue.say)
        self._short_weekdays = _short_weekdays(catalogue.say)
        self._today = _today(catalogue.say)
        self._machine = _machine(catalogue.say)
        self._opens = _opens(catalogue.say)
        self._tables = SimpleNamespace(**tables(catalogue.say), about=table.words(catalogue.say))

    def functions(self) -> dict[str, object]:
        """By the names that templates use."""
        plain = {
            "is_day": self.is_day,
            "clock": self.clock,
            "day": self.day,
            "day_said": self.day_said,
            "dated": self.dated,
            "weekday_on": self.weekday_on,
            "month": self.month,
            "unit": self.unit,
            "result": self.result,
            "untold": self.untold,
            "weekday_of": self.weekday_of,
            "short_weekday": self.short_weekday,
            "named": self.named,
            "listed": self.listed,
            "app_of": self.app_of,
            "apps_of": self.apps_of,
            "origin_of": self.origin_of,
            "means_of": self.means_of,
            "means_icon": self.means_icon,
        }
        return {**plain, "either": self.either, "machine": self.machine, "yuan": yuan, "word": self._tables}

    def app_of(self, tender: str, brought: Brought) -> str:
        """Whom a payer sees to when he pays by it: ``微信``, or what its connector calls it. ``brought``: what pages
        have no words of."""
        return self._tables.tender.get(tender) or self._brought(tender, brought)

    def apps_of(self, tenders: Sequence[str], brought: Brought) -> str:
        """One after the other."""
        return (", " if self._english else "、").join(self.app_of(each, brought) for each in tenders)

    def origin_of(self, tender: str, brought: Brought) -> str:
        """Where money came from, and goes back to."""
        return self._tables.origin.get(tender) or self._brought(tender, brought)

    def means_of(self, tender: str, brought: Brought) -> str:
        """As lists name it."""
        return self._tables.means.get(tender) or self._brought(tender, brought)

    def means_icon(self, tender: str, brought: Brought) -> str:
        """Of an app on the phone."""
        return next((each.icon for each in brought if each.tender == tender), "smartphone")

    def _brought(self, tender: str, brought: Brought) -> str:
        """At the worst its plain name: of a connector that nobody remembers."""
        told = (each.said(not self._english) for each in brought if each.tender == tender)
        return next(told, tender)

    def clock(self, at: datetime | time) -> str:
        """``9:05`` in the hospital's zone."""
        local = at.astimezone(self._zone) if isinstance(at, datetime) else at
        return f"{local.hour}:{local.minute:02d}"

    def day(self, at: datetime | date, now: datetime | None = None) -> str:
        """``11月23日``, ``23 Nov``; with ``now``, today's is called today."""
        local = at.astimezone(self._zone).date() if isinstance(at, datetime) else at
        said = f"{local.day} {_MONTHS[local.month - 1]}" if self._english else f"{local.month}月{local.day}日"
        if now is not None and now.astimezone(self._zone).date() == local:
            return f"{self._today} {said}"
        return said

    def day_said(self, at: datetime | date, now: datetime) -> str:
        """``今天 11月23日``, ``23 Nov``: within a sentence, where English has no room for today."""
        return self.day(at, None if self._english else now)

    def dated(self, at: datetime | date) -> str:
        """``2026年11月23日``, ``23 Nov 2026``: of a day that may be long ago."""
        local = at.astimezone(self._zone).date() if isinstance(at, datetime) else at
        return f"{self.day(local)} {local.year}" if self._english else f"{local.year}年{self.day(local)}"

    def weekday_on(self, at: datetime | date) -> str:
        """``11月23日 星期一``, ``Monday 23 Nov``."""
        local = at.astimezone(self._zone).date() if isinstance(at, datetime) else at
        parts = [self.day(local), self._weekdays[local.weekday()]]
        return " ".join(reversed(parts) if self._english else parts)

    def month(self, on: date) -> str:
        """``11月``, ``Nov``."""
        return _MONTHS[on.month - 1] if self._english else f"{on.month}月"

    def unit(self, code: str) -> str:
        """As people write it: UCUM's ``10*9/L`` is ``10⁹/L``; what is counted has none."""
        return "" if code == "1" else _POWER.sub(lambda found: "10" + found[1].translate(_RAISED), code)

    def result(self, text: str) -> str:
        """``阴性``, ``Negative``: a result that is a word, in the page's language if it is a common one."""
        return results.ENGLISH.get(text, text) if self._english else text

    def untold(self, text: str) -> bool:
        """A result stays Chinese on an English page."""
        return self._english and results.is_chinese(self.result(text))

    def is_day(self, at: datetime) -> bool:
        """From six to six: whether the picture at the top shows a sun or a moon."""
        return 6 <= at.astimezone(self._zone).hour < 18

    def weekday_of(self, on: date) -> str:
        return self._weekdays[on.weekday()]

    def short_weekday(self, on: date) -> str:
        """``周二``, ``Tue``."""
        return self._short_weekdays[on.weekday()]

    def named(self, thing: Named) -> str:
        """Its name; of a place where nobody is now, also from when somebody is."""
        name = self.either(thing.name, thing.name_en)
        opens_at = thing.opens_at if isinstance(thing, views.Counter) else None
        return self._opens.format(place=name, time=self.clock(opens_at)) if opens_at is not None else name

    def listed(self, things: Sequence[Named]) -> str:
        """Their names, as one says them."""
        return (", " if self._english else "、").join(map(self.named, things))

    def machine(self, name: str) -> str:
        """``03`` or ``03 号机`` → ``Machine 03``; a name that is not a number stays as it is."""
        number = machine_number(name)
        return self._machine.replace("{n}", number) if number else name

    def either(self, chinese: str, english: str) -> str:
        return english if self._english and english else chinese


_POWER = re.compile(r"10[*^](\d+)")
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _machine(_: Say) -> str:
    return _("Machine {n}")


def _opens(_: Say) -> str:
    return _("{place} (from {time})")


def _today(_: Say) -> str:
    return _("Today")


def _weekdays(_: Say) -> tuple[str, ...]:
    return (
        _("Monday"),
        _("Tuesday"),
        _("Wednesday"),
        _("Thursday"),
        _("Friday"),
        _("Saturday"),
        _("Sunday"),
    )


def _short_weekdays(_: Say) -> tuple[str, ...]:
    return (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


def tables(_: Say) -> dict[str, dict[str, str]]:
    """Words for the closed lists of ``views*.py``."""
    return (
        _people(_)
        | _money(_)
        | services.words(_)
        | views_maintenance.words(_)
        | _reports(_)
        | codes.words(_)
        | children.words(_)
        | {
            "title": {
                "chief": _("Chief physician"),
                "associate_chief": _("Associate chief physician"),
                "attending": _("Attending physician"),
                "resident": _("Resident physician"),
            },
            "session": {"morning": _("Morning"), "afternoon": _("Afternoon"), "night": _("Evening")},
            "step": {
                "department": _("Clinic"),
                "day": _("Day"),
                "doctor": _("Doctor"),
                "bills": _("Bills"),
                "amount": _("Amount"),
                "check": _("Check"),
                "pay": _("Pay"),
                "take": _("Slip"),
            },
            "booking": {
                "opening": _("To be paid"),
                "booked": _("Booked"),
                "checked_in": _("Checked in"),
                "missed": _("Its time has passed"),
                "cancelled": _("Cancelled"),
                "stopped": _("Stopped by the hospital"),
            },
            "stay": {
                "admitted": _("In hospital"),
                "discharged": _("Discharged, not settled yet"),
                "settled": _("Settled"),
            },
            "slip": {
                "registration": _("Registration slip"),
                "appointment": _("Booking slip"),
                "receipt": _("Receipt"),
                "hold": _("Hold slip for the window"),
                "trouble": _("Slip with your reference number"),
                "refund": _("Refund slip"),
                "fiscal": _("Electronic receipt"),
            },
        }
    )


def _people(_: Say) -> dict[str, dict[str, str]]:
    return {
        "sex": {"male": _("Male"), "female": _("Female"), "unknown": ""},
        "credential": {
            "resident_card": _("ID card"),
            "hmt_resident_card": _("Residence permit"),
            "hmt_travel_permit": _("Mainland travel permit"),
            "birth_certificate": _("Birth certificate"),
            "permanent_resident_card": _("Permanent-resident card"),
            "passport": _("Passport"),
            "hospital_number": _("Hospital number"),
            "social_security_card": _("Social security card"),
            "insurance_code": _("Insurance code"),
            "public_card": _("City card"),
            "bank_card": _("Bank card"),
            "alipay": _("Alipay"),
            "wechat": _("WeChat"),
            "face": _("Face"),
        },
    }


def _reports(_: Say) -> dict[str, dict[str, str]]:
    return {
        "report": {
            "ordered": _("Ordered, no sample taken yet"),
            "sampled": _("Sample taken, not tested yet"),
            "testing": _("Being tested"),
            "ready": _("Ready"),
            "window": _("Handed out at the window"),
        },
        "flag": {
            "N": _("normal"),
            "H": _("high"),
            "L": _("low"),
            "HH": _("very high"),
            "LL": _("very low"),
            "A": _("abnormal"),
        },
        "fee_days": {
            "month": _("The last 30 days"),
            "quarter": _("The last 90 days"),
            "year": _("This year"),
            "last_year": _("Last year"),
        },
        "sheet": {
            "laboratory_report": _("Laboratory report"),
            "examination_report": _("Examination report"),
            "daily_list": _("Costs of one day"),
            "discharge_statement": _("Discharge statement"),
            "fee_list": _("Outpatient fees"),
            "paid_invoice": _("Proof of payment"),
        },
    }


def _money(_: Say) -> dict[str, dict[str, str]]:
    return {
        "tender": {
            "wechatpay": _("WeChat"),
            "alipay": _("Alipay"),
            "bank_card": _("your bank"),
            "social_security_card": _("the bank of your social security card"),
            "public_card": _("the issuer of your card"),
            "prepaid": _("your prepaid account"),
            "window": _("the window"),
            "institution": _("the bank at which you paid"),
        },
        "bank": {
            "bank_card": _("Your bank"),
            "social_security_card": _("Your bank"),
            "public_card": _("Your card's issuer"),
        },
        "origin": {
            "wechatpay": _("WeChat"),
            "alipay": _("Alipay"),
            "bank_card": _("your bank card"),
            "social_security_card": _("your social security card"),
            "public_card": _("your city card"),
            "prepaid": _("your prepaid account"),
            "window": _("the window"),
            "institution": _("the bank at which you paid"),
        },
        "record": {
            "topped_up": _("Topped up"),
            "paid": _("Paid from the account"),
            "came_back": _("Came back onto the account"),
            "withdrawn": _("Given back to where it came from"),
            "at_window": _("Paid out at the window"),
            "taken_over": _("From the earlier system"),
            "merged": _("Your two numbers became one"),
            "corrected": _("Corrected by the hospital"),
        },
        "means": {
            "wechatpay": _("WeChat"),
            "alipay": _("Alipay"),
            "bank_card": _("Bank card"),
            "social_security_card": _("Social security card"),
            "public_card": _("City card"),
            "prepaid": _("Prepaid account"),
            "window": _("Cash"),
            "institution": _("At a bank"),
            "cash": _("Cash"),
            "other": _("Other"),
        },
    }
