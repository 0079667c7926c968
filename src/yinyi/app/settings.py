"""Settings come from the environment, ``YINYI_…``; connectors' from JSON files. What is mistyped is named."""

import os
import re
from collections.abc import Mapping
from datetime import time
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import TypeVar, get_args

import msgspec

from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.master_key import MASTER_KEY, MASTER_KEY_FD
from yinyi.business.identity.model import PAYMENT_CARDS, ChildRules, PaymentCardKind
from yinyi.business.lines.line_hours import LineHours
from yinyi.business.payments.model import ListsExpected
from yinyi.business.reports.model import SecondPrint
from yinyi.business.scheduling.booking_model import BookingRules, PaidAt
from yinyi.interface.queue.address import Address, addresses
from yinyi.interface.tls_files import TlsFiles
from yinyi.kernel.clock import ShiftedClock, clock_from_setting
from yinyi.kernel.ready import READY_FD

PREFIX = "YINYI_"
_TAKEN = (READY_FD, MASTER_KEY, MASTER_KEY_FD)
"""Not settings: what is taken out of the environment by those whom it concerns."""
LOG_LEVELS = ("debug", "info", "warning", "error")

C = TypeVar("C", bound=msgspec.Struct)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One field for each variable: ``YINYI_`` and the field's name in capitals."""

    http_host: str = "127.0.0.1"
    """The address that the web interfaces bind to."""
    http_port: int = 8080
    """0 takes a free one."""
    hl7_port: int = 0
    """Where messages of HL7 version 2 are taken; 0 takes a free one."""
    socket_port: int = 0
    """Where banks sign on over lines of their own; 0: nowhere; ``yinyi up`` takes a free one for the demo's bank."""
    socket_hospital_port: int = 0
    """The same for the hospital's own systems."""
    https_port: int = 0
    """Where REST and SOAP are served within TLS; 0: nowhere."""
    socket_tls_port: int = 0
    """Where banks sign on over lines within TLS; 0: nowhere."""
    socket_hospital_tls_port: int = 0
    """The same for the hospital's own systems."""
    tls_certificate: str = ""
    """The certificate of these three, PEM, with those that lead to its authority behind it. Replaced, it counts at
    once."""
    tls_key: str = ""
    """Its key; "": it stands in the same file."""
    tls_clients: str = ""
    """The authorities of certificates that institutions show, PEM; "": nobody is asked for one."""
    data_dir: Path = msgspec.field(default_factory=Path("var").absolute)
    archive_dir: Path = Path()
    """Where backups and the database's log go; not given: ``archive`` in the data folder. Better another disk."""
    database_url: str = ""
    """The platform's PostgreSQL, version 15 or newer, as its owner; "" is the embedded one."""
    nats_url: str = ""
    """The bus; without a log-in the accounts' passwords come from ``secrets/nats-ACCOUNT``. "" is the embedded one."""
    queue_url: str = ""
    """The broker of the queues, ``stomp://name:password@host:61613`` or ``stomps://``, several with a comma between;
    "": none."""
    queue_nats_url: str = ""
    """The institutions' own NATS, ``nats://name:password@host:4222`` or ``tls://``, which is not the bus; "": none."""
    queue_name: str = "yinyi"
    """With which the names of the queues begin."""
    hospital_database_url: str = ""
    """The sandbox hospital's own PostgreSQL; "" is the embedded one."""
    hospital_line_port: int = 0
    """Where the sandbox hospital's database line listens; 0 takes a free one."""
    bank_line_port: int = 0
    """The first address of the sandbox bank; 0 takes the one of last time, or a free one."""
    bank_line_tls: str = ""
    """The name under which the sandbox bank speaks TLS, such as ``bank.example``; "": without."""
    hospital: str = "procedures"
    """The connector to the hospital's systems."""
    keys: str = "software"
    """Who keeps the keys of the bank line: the connector to a key store."""
    sign_on_from: time = time(6)
    """From then on each day the sessions of the bank line sign on by themselves."""
    settle_from: time = time(0, 30)
    """The cut-over of the bank line: what was taken before is settled from then on."""
    card_data_days: int = 180
    """So long sealed card data are kept, for refunds to the card."""
    identity_cards: str = ",".join(PAYMENT_CARDS)
    """Which cards identify people once their card terminal has read them, comma between; ``none``: no card does."""
    second_print: SecondPrint = "copy"
    """Of a report that came out before: ``copy`` prints a marked one, ``window`` sends to the window."""
    public_url: str = ""
    """Where phones reach the web interfaces, as the codes on papers say it; "" is this machine's own address."""
    booking_days: int = 30
    """So far ahead visits can be booked."""
    booking_paid: str = "booking"
    """When a booked visit is paid: ``booking`` or ``check_in``."""
    bookings_a_day: int = 3
    """So many bookings one person may have for one day."""
    bookings_with_doctor: int = 1
    """So many of them with one doctor."""
    registrations_a_day: int = 5
    """So many numbers of today one person may have when he registers, booked ones among them."""
    registrations_with_doctor: int = 1
    """So many of them with one doctor."""
    cancel_hours: int = 2
    """So long before the doctor's session a booking can be cancelled at a kiosk."""
    missed_visits: int = 3
    """After so many missed visits in ``missed_days`` booking is closed for ``closed_days``; 0: never."""
    missed_days: int = 90
    closed_days: int = 30
    return_minutes: int = 30
    """A booked number that was given back is free for others within so many minutes, nobody knows when; 0: at once."""
    child_below_age: int = 14
    """Whoever is younger may be registered by a guardian, who acts for the child."""
    children_at_most: int = 5
    """So many children one guardian may act for."""
    charges_listed_of: str = "his"
    """Which of the hospital's programs its list of charged prepaid accounts has, comma between; "": there is none."""
    taken_lists_of: str = ""
    """Which banks send a list of what they have taken on each day, comma between; "": none is expected to."""
    taken_lists_by: time = time(10)
    """By then on the next day, or people are told."""
    relay: str = ""
    """``host:port`` of the relay, the way out to banks, wallets and insurance; "": they are dialled straight."""
    relay_allows: str = ""
    """For the relay: ``host:port`` of those that it reaches, comma between; ``/plain`` behind one without TLS."""
    clock: str = ""
    """Moves the clock of platform and sandboxes: ``+8h30m``, or the instant that is now."""
    log_level: str = "info"
    sandbox_port: int = 0
    """0 takes a free one."""
    devices_port: int = 0
    """Of the virtual devices' control; 0 takes a free one."""

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.data_dir)

    @property
    def archive(self) -> Path:
        return self.archive_dir if self.archive_dir != Path() else self.folder.archive

    @property
    def brokers(self) -> list[Address]:
        return addresses(self.queue_url) if self.queue_url else []

    @property
    def has_queues(self) -> bool:
        return bool(self.queue_url or self.queue_nats_url)

    @property
    def line_hours(self) -> LineHours:
        return LineHours(
            sign_on_from=self.sign_on_from, settle_from=self.settle_from, card_data_days=self.card_data_days
        )

    @property
    def booking(self) -> BookingRules:
        return BookingRules(
            days=self.booking_days,
            paid="check_in" if self.booking_paid == "check_in" else "booking",
            a_day=self.bookings_a_day,
            with_doctor=self.bookings_with_doctor,
            cancel_hours=self.cancel_hours,
            missed=self.missed_visits,
            missed_days=self.missed_days,
            closed_days=self.closed_days,
            return_minutes=self.return_minutes,
            registrations_a_day=self.registrations_a_day,
            registrations_with_doctor=self.registrations_with_doctor,
        )

    @property
    def institutions_listed(self) -> tuple[str, ...]:
        return _names(self.charges_listed_of)

    @property
    def taken_lists(self) -> ListsExpected:
        return ListsExpected(banks=_names(self.taken_lists_of), by=self.taken_lists_by)

    @property
    def children(self) -> ChildRules:
        return ChildRules(below_age=self.child_below_age, at_most=self.children_at_most)

    @property
    def identity_card_kinds(self) -> tuple[PaymentCardKind, ...]:
        """In the order in which people are told."""
        named = self.identity_cards.split(",")
        return tuple(kind for kind in PAYMENT_CARDS if kind in named)

    @property
    def sockets(self) -> dict[str, tuple[str, int]]:
        """By interface, where it listens."""
        ports = {
            "socket": self.socket_port,
            "socket-hospital": self.socket_hospital_port,
            "socket-tls": self.socket_tls_port,
            "socket-hospital-tls": self.socket_hospital_tls_port,
        }
        return {name: (self.http_host, port) for name, port in ports.items() if port}

    @property
    def tls_files(self) -> TlsFiles | None:
        """None: nothing ends TLS here."""
        if not self.tls_certificate:
            return None
        key = self.tls_key or self.tls_certificate
        return TlsFiles(certificate=self.tls_certificate, key=key, clients=self.tls_clients)

    @property
    def reached_at(self) -> str:
        """The host at which other processes of this machine reach the web interfaces."""
        try:
            everywhere = ip_address(self.http_host).is_unspecified
        except ValueError:
            everywhere = False
        return "127.0.0.1" if everywhere else self.http_host

    @property
    def verify_at(self) -> str:
        """Where people find out whether a paper is genuine."""
        return f"{(self.public_url or f'http://{self.reached_at}:{self.http_port}').rstrip('/')}/verify"

    def make_clock(self) -> ShiftedClock:
        return clock_from_setting(self.clock)


def settings_from(environment: Mapping[str, str] = os.environ) -> Settings:
    """An empty variable counts as not given.

    Raises:
        CannotStart: a variable that does not exist or cannot be understood; the sentence names it.
    """
    known = {PREFIX + field.name.upper(): field for field in msgspec.structs.fields(Settings)}
    given = {name: text for name, text in environment.items() if name.startswith(PREFIX) and name not in _TAKEN}
    for name in sorted(given.keys() - known.keys()):
        nearest = get_close_matches(name, (*known, MASTER_KEY), n=1, cutoff=0)[0]
        raise CannotStart(f"There is no setting {name}; the nearest one is {nearest}.")
    values = {known[name].name: _understood(name, text, known[name].type) for name, text in given.items() if text}
    settings = msgspec.structs.replace(Settings(), **values)
    _check(settings)
    return settings


def environment_for(settings: Settings, names: tuple[str, ...]) -> dict[str, str]:
    """These settings, as the environment of another process."""
    return {PREFIX + name.upper(): _text(getattr(settings, name)) for name in names}


def _text(value: object) -> str:
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def has_settings(folder: DataFolder, name: str) -> bool:
    """Whether anybody has written settings for this connector."""
    return _settings_file(folder, name).exists()


def names_with_settings(folder: DataFolder) -> set[str]:
    """Of the connectors for which people have written any."""
    return {each.stem for each in folder.plugins.glob("*.json")}


def connector_settings(folder: DataFolder, name: str, config: type[C]) -> C:
    """What people wrote in ``plugins/NAME.json``, else what this machine's sandbox wrote for itself.

    Raises:
        CannotStart: there is neither and it needs any, or they do not say what it needs.
    """
    path = _settings_file(folder, name)
    try:
        return msgspec.json.decode(path.read_bytes(), type=config)
    except FileNotFoundError:
        if not any(field.required for field in msgspec.structs.fields(config)):
            return config()
        raise CannotStart(
            f"The connector {name} has no settings; write them in {folder.plugins / path.name}."
        ) from None
    except OSError as error:
        raise CannotStart(f"The settings {path} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise CannotStart(f"The settings {path} cannot be understood: {error}.") from error


def _settings_file(folder: DataFolder, name: str) -> Path:
    ours = folder.plugins / f"{name}.json"
    return ours if ours.exists() else folder.sandbox / f"{name}.json"


def _understood(name: str, text: str, kind: object) -> object:
    if kind is int:
        if not (text.isascii() and text.isdigit() and int(text) < 65536):
            what = "a port, a number" if name.endswith("_PORT") else "a whole number"
            raise CannotStart(f"{name} must be {what} from 0 to 65535, not {text!r}.")
        return int(text)
    if kind is time:
        return _time_of_day(name, text)
    return Path(text).absolute() if kind is Path else text


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(str.strip, text.split(","))))


def _time_of_day(name: str, text: str) -> time:
    if not re.fullmatch(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise CannotStart(f"{name} must be a time of day from 00:00 to 23:59, not {text!r}.")
    return time.fromisoformat(text)


def _check_brokers(text: str) -> None:
    try:
        addresses(text or "stomp://none")
    except ValueError:
        raise CannotStart(
            "YINYI_QUEUE_URL must be stomp://name:password@host:61613, stomps:// within TLS, or several with a comma "
            "between."
        ) from None


def _check(settings: Settings) -> None:
    if settings.log_level not in LOG_LEVELS:
        raise CannotStart(f"YINYI_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, not {settings.log_level!r}.")
    within_tls = settings.https_port or settings.socket_tls_port or settings.socket_hospital_tls_port
    if within_tls and not settings.tls_certificate:
        raise CannotStart("YINYI_TLS_CERTIFICATE must name a certificate: there is a port within TLS.")
    if not 1 <= settings.card_data_days <= 365:
        raise CannotStart(f"YINYI_CARD_DATA_DAYS must be from 1 to 365, not {settings.card_data_days}.")
    if not 1 <= settings.booking_days <= 60:
        raise CannotStart(f"YINYI_BOOKING_DAYS must be from 1 to 60, not {settings.booking_days}.")
    if not 1 <= settings.child_below_age <= 18:
        raise CannotStart(f"YINYI_CHILD_BELOW_AGE must be from 1 to 18, not {settings.child_below_age}.")
    if settings.booking_paid not in get_args(PaidAt):
        raise CannotStart(f"YINYI_BOOKING_PAID must be booking or check_in, not {settings.booking_paid!r}.")
    if strangers := {each for each in settings.identity_cards.split(",") if each not in (*PAYMENT_CARDS, "none")}:
        raise CannotStart(
            f"YINYI_IDENTITY_CARDS must name {', '.join(PAYMENT_CARDS)}, or none, not {', '.join(sorted(strangers))!r}."
        )
    if settings.second_print not in get_args(SecondPrint):
        raise CannotStart(f"YINYI_SECOND_PRINT must be copy or window, not {settings.second_print!r}.")
    if settings.public_url and not settings.public_url.startswith(("https://", "http://")):
        raise CannotStart("YINYI_PUBLIC_URL must begin with https:// or http://.")
    try:
        settings.make_clock()
    except (ValueError, OverflowError):
        raise CannotStart(
            f"YINYI_CLOCK must be an offset such as +8h30m or an instant such as 2026-11-23T22:00+08:00, "
            f"not {settings.clock!r}."
        ) from None
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}", settings.queue_name):
        raise CannotStart(f"YINYI_QUEUE_NAME must be letters, digits, _, . or -, not {settings.queue_name!r}.")
    _check_brokers(settings.queue_url)
    schemes = {
        "YINYI_DATABASE_URL": (settings.database_url, ("postgresql://", "postgres://")),
        "YINYI_HOSPITAL_DATABASE_URL": (settings.hospital_database_url, ("postgresql://", "postgres://")),
        "YINYI_NATS_URL": (settings.nats_url, ("nats://", "tls://")),
        "YINYI_QUEUE_NATS_URL": (settings.queue_nats_url, ("nats://", "tls://")),
    }
    for name, (url, allowed) in schemes.items():
        if url and not url.startswith(allowed):
            raise CannotStart(f"{name} must begin with {' or '.join(allowed)}.")
