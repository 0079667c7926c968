"""What a terminal offers, and when: by its profile, by hours, by closures and by its devices. Plain functions."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from yinyi.business.terminals.model import (
    BROKEN,
    SERVICES,
    SEVERITY,
    Closed,
    DeviceView,
    Offer,
    ServiceName,
    Severity,
    TerminalProfile,
)

_ALL = frozenset(SERVICES)
OFFERED: Mapping[TerminalProfile, frozenset[ServiceName]] = {
    "hall": _ALL,
    "ward": _ALL - {"check_in"},
    "emergency": _ALL - {"book", "check_in", "account"},
    "report_printer": frozenset({"reports", "reprint"}),
}
"""Unless the hospital says otherwise (``ServiceHours``)."""
NEEDS: Mapping[ServiceName, str] = {"reprint": "receipt_printer", "card_balance": "card_terminal"}
"""The kind of device without which a service is nothing."""
CLOSES: Mapping[Closed, frozenset[ServiceName]] = {
    "clinics": frozenset({"register", "check_in"}),
    "hospital_system": frozenset({"register", "book", "check_in", "bills", "inpatient", "reports"}),
}
"""What cannot be had meanwhile. Our own books, papers and payments stay open."""
_NEVER_CLOSED: TerminalProfile = "emergency"
_MOST_TURNS = 64


class ServiceHours(msgspec.Struct, frozen=True, kw_only=True):
    """What a hospital says of a service at terminals of a profile. opens, closes: in its own time; the same: round the
    clock; closes before opens: over midnight."""

    profile: TerminalProfile
    service: ServiceName
    offered: bool
    opens: time
    closes: time


class Closure(msgspec.Struct, frozen=True, kw_only=True):
    """A time in which something is closed: a holiday of the clinics, a night's work on the hospital's system."""

    closure_id: int
    what: Closed
    begins_at: datetime
    ends_at: datetime
    reason: str = ""


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """What a hospital has said. closures: those that have not ended."""

    hours: Sequence[ServiceHours] = ()
    closures: Sequence[Closure] = ()


def offers(
    profile: TerminalProfile, rules: Rules, devices: Iterable[DeviceView], now: datetime, zone: ZoneInfo
) -> list[Offer]:
    """Of everything that terminals of this profile offer, in the order of ``SERVICES``."""
    working = {device.kind for device in devices if device.state not in BROKEN}
    found: list[Offer] = []
    for service in SERVICES:
        offer = at_terminal(profile, service, rules, now, zone)
        if offer is not None and NEEDS.get(service) and NEEDS[service] not in working:
            offer = Offer(service=service, shut="device")
        if offer is not None:
            found.append(offer)
    return found


def at_terminal(
    profile: TerminalProfile, service: ServiceName, rules: Rules, now: datetime, zone: ZoneInfo
) -> Offer | None:
    """One service, whatever the terminal's devices. None: terminals of this profile do not offer it."""
    own = next((each for each in rules.hours if (each.profile, each.service) == (profile, service)), None)
    if not (own.offered if own else service in OFFERED[profile]):
        return None
    closures = _closures_of(profile, service, rules.closures)
    opens_at = opening(own, closures, now, zone)
    if opens_at == now:
        return Offer(service=service)
    return Offer(service=service, shut="closed" if _during(closures, now) else "hours", opens_at=opens_at)


def worst(line_ok: bool, devices: Iterable[DeviceView]) -> Severity:
    """How much staff are needed there: at once, soon, or not."""
    found = {SEVERITY[device.state] for device in devices}
    return "broken" if not line_ok or "broken" in found else "soon" if "soon" in found else "fine"


def opening(hours: ServiceHours | None, closures: Sequence[Closure], now: datetime, zone: ZoneInfo) -> datetime | None:
    """The first instant from ``now`` on at which it is open. None: nobody knows."""
    at = now
    for _ in range(_MOST_TURNS):
        closure = _during(closures, at)
        later = closure.ends_at if closure else _opens(hours, at, zone)
        if later == at:
            return at
        at = later
    return None


def _opens(hours: ServiceHours | None, at: datetime, zone: ZoneInfo) -> datetime:
    if hours is None or hours.opens == hours.closes:
        return at
    local = at.astimezone(zone)
    clock = local.time()
    if hours.opens < hours.closes:
        is_open = hours.opens <= clock < hours.closes
    else:
        is_open = clock >= hours.opens or clock < hours.closes
    if is_open:
        return at
    day = local.date() if clock < hours.opens else local.date() + timedelta(days=1)
    return datetime.combine(day, hours.opens, zone)


def _closures_of(profile: TerminalProfile, service: ServiceName, closures: Sequence[Closure]) -> list[Closure]:
    """The emergency department has no holidays; the hospital's system rests there too."""
    return [
        each
        for each in closures
        if service in CLOSES[each.what] and not (each.what == "clinics" and profile == _NEVER_CLOSED)
    ]


def _during(closures: Iterable[Closure], at: datetime) -> Closure | None:
    return next((each for each in closures if each.begins_at <= at < each.ends_at), None)
