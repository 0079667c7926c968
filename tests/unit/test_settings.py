"""Settings: what is understood, and the one sentence for what is not."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.processes import KNOWS
from yinyi.app.secret_files import secret
from yinyi.app.settings import Settings, connector_settings, environment_for, settings_from


class Wanted(msgspec.Struct, frozen=True):
    url: str


def test_nothing_given_is_the_laptop() -> None:
    settings = settings_from({"HOME": "/home/li"})
    assert (settings.http_host, settings.http_port, settings.hospital) == ("127.0.0.1", 8080, "procedures")
    assert settings.data_dir == Path.cwd() / "var"
    assert settings.database_url == settings.nats_url == settings.clock == ""


def test_every_setting_comes_through_the_environment_and_back() -> None:
    given = {
        "YINYI_HTTP_HOST": "10.0.0.8",
        "YINYI_HTTP_PORT": "9000",
        "YINYI_HL7_PORT": "9005",
        "YINYI_SOCKET_PORT": "9100",
        "YINYI_SOCKET_HOSPITAL_PORT": "9101",
        "YINYI_HTTPS_PORT": "9443",
        "YINYI_SOCKET_TLS_PORT": "9102",
        "YINYI_SOCKET_HOSPITAL_TLS_PORT": "9103",
        "YINYI_TLS_CERTIFICATE": "/etc/yinyi/front.pem",
        "YINYI_TLS_KEY": "/etc/yinyi/front.key",
        "YINYI_TLS_CLIENTS": "/etc/yinyi/clients.pem",
        "YINYI_DATA_DIR": "/srv/yinyi",
        "YINYI_ARCHIVE_DIR": "/mnt/archive",
        "YINYI_DATABASE_URL": "postgresql://u:p@db/yinyi",
        "YINYI_NATS_URL": "nats://bus:4222",
        "YINYI_QUEUE_URL": "stomp://platform:password@one,stomps://two",
        "YINYI_QUEUE_NATS_URL": "tls://platform:password@letters:4222",
        "YINYI_QUEUE_NAME": "east.yinyi",
        "YINYI_HOSPITAL_DATABASE_URL": "postgres://h@db/hospital",
        "YINYI_HOSPITAL_LINE_PORT": "9001",
        "YINYI_BANK_LINE_PORT": "9004",
        "YINYI_BANK_LINE_TLS": "bank.example",
        "YINYI_HOSPITAL": "soap",
        "YINYI_CHARGES_LISTED_OF": "his,windows",
        "YINYI_TAKEN_LISTS_OF": "icbc, ccb",
        "YINYI_TAKEN_LISTS_BY": "09:30",
        "YINYI_KEYS": "hsm",
        "YINYI_SIGN_ON_FROM": "05:45",
        "YINYI_SETTLE_FROM": "23:30",
        "YINYI_CARD_DATA_DAYS": "90",
        "YINYI_IDENTITY_CARDS": "bank_card,public_card",
        "YINYI_BOOKING_DAYS": "14",
        "YINYI_BOOKING_PAID": "check_in",
        "YINYI_BOOKINGS_A_DAY": "2",
        "YINYI_BOOKINGS_WITH_DOCTOR": "2",
        "YINYI_REGISTRATIONS_A_DAY": "4",
        "YINYI_REGISTRATIONS_WITH_DOCTOR": "2",
        "YINYI_CANCEL_HOURS": "24",
        "YINYI_MISSED_VISITS": "0",
        "YINYI_MISSED_DAYS": "60",
        "YINYI_CLOSED_DAYS": "14",
        "YINYI_RETURN_MINUTES": "0",
        "YINYI_SECOND_PRINT": "window",
        "YINYI_PUBLIC_URL": "https://hospital.example",
        "YINYI_CHILD_BELOW_AGE": "16",
        "YINYI_CHILDREN_AT_MOST": "3",
        "YINYI_RELAY": "10.0.5.2:8443",
        "YINYI_RELAY_ALLOWS": "pay.example:443",
        "YINYI_CLOCK": "+8h",
        "YINYI_LOG_LEVEL": "debug",
        "YINYI_SANDBOX_PORT": "9002",
        "YINYI_DEVICES_PORT": "9003",
    }
    settings = settings_from(given)
    names = tuple(field.name for field in msgspec.structs.fields(settings))
    assert environment_for(settings, names) == given


def test_an_empty_variable_is_as_good_as_none() -> None:
    assert settings_from({"YINYI_HTTP_PORT": "", "YINYI_DATA_DIR": ""}) == settings_from({})


@pytest.mark.parametrize(
    ("variable", "text", "sentence"),
    [
        ("YINYI_HTPP_PORT", "8080", "There is no setting YINYI_HTPP_PORT; the nearest one is YINYI_HTTP_PORT."),
        ("YINYI_DATABASE", "x", "There is no setting YINYI_DATABASE; the nearest one is YINYI_DATABASE_URL."),
        ("YINYI_HTTP_PORT", "eighty", "YINYI_HTTP_PORT must be a port, a number from 0 to 65535, not 'eighty'."),
        ("YINYI_HTTP_PORT", "65536", "YINYI_HTTP_PORT must be a port, a number from 0 to 65535, not '65536'."),
        ("YINYI_HTTP_PORT", "٨٠", "YINYI_HTTP_PORT must be a port, a number from 0 to 65535, not '٨٠'."),
        ("YINYI_SETTLE_FROM", "24:00", "YINYI_SETTLE_FROM must be a time of day from 00:00 to 23:59, not '24:00'."),
        ("YINYI_SIGN_ON_FROM", "6", "YINYI_SIGN_ON_FROM must be a time of day from 00:00 to 23:59, not '6'."),
        (
            "YINYI_IDENTITY_CARDS",
            "bank_card,library_card",
            "YINYI_IDENTITY_CARDS must name bank_card, public_card, social_security_card, or none, not 'library_card'.",
        ),
        (
            "YINYI_HTTPS_PORT",
            "8443",
            "YINYI_TLS_CERTIFICATE must name a certificate: there is a port within TLS.",
        ),
        ("YINYI_CARD_DATA_DAYS", "0", "YINYI_CARD_DATA_DAYS must be from 1 to 365, not 0."),
        ("YINYI_BOOKING_DAYS", "61", "YINYI_BOOKING_DAYS must be from 1 to 60, not 61."),
        ("YINYI_BOOKING_PAID", "later", "YINYI_BOOKING_PAID must be booking or check_in, not 'later'."),
        ("YINYI_SECOND_PRINT", "never", "YINYI_SECOND_PRINT must be copy or window, not 'never'."),
        ("YINYI_PUBLIC_URL", "hospital.example", "YINYI_PUBLIC_URL must begin with https:// or http://."),
        ("YINYI_LOG_LEVEL", "loud", "YINYI_LOG_LEVEL must be one of debug, info, warning, error, not 'loud'."),
        ("YINYI_NATS_URL", "http://bus", "YINYI_NATS_URL must begin with nats:// or tls://."),
        (
            "YINYI_QUEUE_URL",
            "tcp://broker:61616",
            "YINYI_QUEUE_URL must be stomp://name:password@host:61613, stomps:// within TLS, or several with a comma "
            "between.",
        ),
        ("YINYI_QUEUE_NAME", "a/b", "YINYI_QUEUE_NAME must be letters, digits, _, . or -, not 'a/b'."),
        ("YINYI_DATABASE_URL", "mysql://db", "YINYI_DATABASE_URL must begin with postgresql:// or postgres://."),
    ],
)
def test_what_is_not_understood_is_named(variable: str, text: str, sentence: str) -> None:
    with pytest.raises(CannotStart) as refusal:
        settings_from({variable: text})
    assert str(refusal.value) == sentence


@pytest.mark.parametrize("text", ["tomorrow", "2026-11-23T22:00", "+99999999999999d"])
def test_a_clock_that_nobody_understands_is_explained(text: str) -> None:
    with pytest.raises(CannotStart, match="YINYI_CLOCK must be an offset such as"):
        settings_from({"YINYI_CLOCK": text})


def test_the_clock_is_moved() -> None:
    moved = settings_from({"YINYI_CLOCK": "-2d"}).make_clock()
    assert moved.offset == timedelta(days=-2)
    assert moved.now() < datetime.now(UTC)


def test_a_connectors_settings_by_people_go_before_the_sandboxs(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    with pytest.raises(CannotStart, match=r"The connector his has no settings; write them in .*/plugins/his\.json"):
        connector_settings(folder, "his", Wanted)
    for place, url in ((folder.sandbox, "sandbox"), (folder.plugins, "hospital")):
        place.mkdir(parents=True)
        (place / "his.json").write_text(f'{{"url": "{url}"}}')
        assert connector_settings(folder, "his", Wanted) == Wanted(url)


@pytest.mark.parametrize("text", ["{", "{}", '{"url": 7}'])
def test_a_connectors_settings_that_make_no_sense_are_named(tmp_path: Path, text: str) -> None:
    folder = DataFolder(tmp_path)
    folder.plugins.mkdir()
    (folder.plugins / "his.json").write_text(text)
    with pytest.raises(CannotStart, match=r"his\.json cannot be understood"):
        connector_settings(folder, "his", Wanted)


def test_a_password_is_made_once_and_kept_to_its_owner(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    before = os.umask(0)
    try:
        first = secret(folder, "bus")
    finally:
        os.umask(before)
    assert secret(folder, "bus") == first
    assert len(first) >= 32
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [file.stat().st_mode & 0o777 for file in folder.iterdir()] == [0o600]


def test_a_password_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir(mode=0o755)
    secret(folder, "bus")
    assert folder.stat().st_mode & 0o777 == 0o700


def test_everything_runs_with_every_setting() -> None:
    """Each is told to a process of its own; what is left is for whoever keeps the archive, and for the relay."""
    told = {name for names in KNOWS.values() for name in names}
    assert {field.name for field in msgspec.structs.fields(Settings)} - told == {"archive_dir", "relay_allows"}


def test_banks_that_send_lists_are_named() -> None:
    lists = settings_from({"YINYI_TAKEN_LISTS_OF": "icbc, ccb", "YINYI_TAKEN_LISTS_BY": "09:30"}).taken_lists
    assert (lists.banks, f"{lists.by:%H:%M}") == (("icbc", "ccb"), "09:30")
    assert settings_from({}).taken_lists.banks == ()
