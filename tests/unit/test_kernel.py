"""The kernel: clock, numbers, money, masks and secrets. Everything above stands on these."""

import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from yinyi.kernel import ready
from yinyi.kernel.clock import ShiftedClock, clock_from_setting, offset_setting
from yinyi.kernel.ids import ALPHABET, ask_number, base32, payment_number, random_text, token
from yinyi.kernel.masking import masked_name, masked_number
from yinyi.kernel.money import fen, yuan
from yinyi.kernel.secrets import Sealed, Vault, digest, load_vault, read_or_make

ZONE = ZoneInfo("Asia/Shanghai")


# ---- clock


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", timedelta()),
        ("+8h30m", timedelta(hours=8, minutes=30)),
        ("-2d", timedelta(days=-2)),
        (" +90s ", timedelta(seconds=90)),
        ("+1d2h3m4.5s", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
    ],
)
def test_an_offset_moves_the_clock(text: str, offset: timedelta) -> None:
    clock = clock_from_setting(text)
    assert clock == ShiftedClock(offset)
    before = datetime.now(UTC)
    assert before + offset <= clock.now() <= datetime.now(UTC) + offset


def test_an_instant_is_now() -> None:
    meant = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
    before = datetime.now(UTC)
    clock = clock_from_setting("2026-11-23T22:00+08:00")
    assert meant - datetime.now(UTC) <= clock.offset <= meant - before


@pytest.mark.parametrize("text", ["+", "8h", "+8x", "tomorrow", "2026-11-23T22:00", "+1m1h", "+-3s"])
def test_what_is_no_clock_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        clock_from_setting(text)


@given(st.timedeltas(min_value=timedelta(days=-400), max_value=timedelta(days=400)))
def test_another_process_gets_the_very_same_clock(offset: timedelta) -> None:
    assert clock_from_setting(offset_setting(ShiftedClock(offset))) == ShiftedClock(offset)


# ---- numbers


def test_a_payment_number_tells_its_time_in_the_hospital() -> None:
    number = payment_number(33, datetime(2026, 12, 31, 16, 5, 7, tzinfo=UTC), ZONE)
    assert number.startswith("27010100050711")
    assert re.fullmatch(r"[0-9A-Z]{22}", number)


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=20_000)))
def test_payment_numbers_are_in_the_order_of_time(since: timedelta) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + since
    assert payment_number(0, at, ZONE)[:12] < payment_number(0, at + timedelta(seconds=1), ZONE)[:12]


def test_numbers_of_the_same_second_differ() -> None:
    at = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    assert len({payment_number(0, at, ZONE) for _ in range(500)}) == 500
    assert payment_number(1, at, ZONE)[12:14] != payment_number(2, at, ZONE)[12:14]


@given(st.integers(0, 32**4 - 1))
def test_base_32_is_ordered_and_of_one_width(value: int) -> None:
    text = base32(value, 4)
    assert len(text) == 4
    places = [ALPHABET.index(letter) for letter in text]
    assert sum(place * 32 ** (3 - i) for i, place in enumerate(places)) == value


@pytest.mark.parametrize(("value", "width"), [(1024, 2), (-1, 2), (1, 0)])
def test_what_does_not_fit_is_refused(value: int, width: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        base32(value, width)


def test_short_numbers_are_read_over_the_telephone() -> None:
    for _ in range(200):
        assert re.fullmatch(r"[346789A-HJKMNP-RTVWXY]{3}-[346789A-HJKMNP-RTVWXY]{4}", ask_number())
    assert set(random_text(2000)) <= set(ALPHABET)
    assert not set("ILOU") & set(ALPHABET)


def test_tokens_are_long_and_differ() -> None:
    assert len({token() for _ in range(100)}) == 100
    assert len(token(32)) == 43
    assert digest("a") != digest("b")
    assert len(digest("a")) == 32


# ---- money and masks


@pytest.mark.parametrize(
    ("amount_fen", "text"),
    [(5000, "50.00"), (0, "0.00"), (1, "0.01"), (-5, "-0.05"), (-12345, "-123.45"), (10**14, "1000000000000.00")],
)
def test_fen_as_yuan(amount_fen: int, text: str) -> None:
    assert yuan(amount_fen) == text


@given(st.integers(-(10**15), 10**15))
def test_yuan_loses_nothing(amount_fen: int) -> None:
    assert int(yuan(amount_fen).replace(".", "")) == amount_fen


@given(st.integers(0, 10**14 - 1))
def test_yuan_is_read_as_fen(amount_fen: int) -> None:
    assert fen(yuan(amount_fen)) == amount_fen


@pytest.mark.parametrize(("text", "amount_fen"), [("50", 5000), ("50.5", 5050), ("0.05", 5), ("007.00", 700)])
def test_yuan_as_others_write_them(text: str, amount_fen: int) -> None:
    assert fen(text) == amount_fen


@pytest.mark.parametrize("text", ["", "-1.00", "+1", "1.", ".50", "1.005", "1e3", "1,000.00", " 1", "1\n", "１.00"])
def test_what_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError):
        fen(text)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张建国", "张*国"),
        ("李明", "李*"),
        ("李", "*"),
        ("", "*"),
        ("阿依古丽·买买提", "阿******提"),
        ("John Smith", "J*** S***"),
        ("José García", "J*** G***"),
        ("Анна Иванова", "А*** И***"),
        ("𠅤䶮", "𠅤*"),
        (" 李明 ", "李*"),
    ],
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@given(st.text(min_size=0, max_size=30), st.integers(0, 6), st.integers(0, 6))
def test_a_masked_number_shows_its_ends_and_no_more(number: str, head: int, tail: int) -> None:
    masked = masked_number(number, head, tail)
    assert len(masked) == len(number)
    hidden = len(number) - head - tail
    if hidden <= 0:
        assert masked == "*" * len(number)
    else:
        assert masked == number[:head] + "*" * hidden + number[len(number) - tail :]


# ---- secrets


def vault(*key_ids: int) -> Vault:
    return Vault({key_id: bytes([key_id]) * 32 for key_id in key_ids}, b"i" * 32)


@given(st.text(max_size=200))
def test_what_is_sealed_opens_again(text: str) -> None:
    sealed = vault(1).seal(text, "credential.number")
    assert vault(1).open(sealed, "credential.number") == text
    assert len(text) < 4 or text.encode() not in sealed.data


def test_sealed_twice_looks_different() -> None:
    assert vault(1).seal("x", "c") != vault(1).seal("x", "c")


def test_it_opens_nowhere_else_and_not_when_altered() -> None:
    sealed = vault(1).seal("310101199003071234", "credential.number")
    with pytest.raises(InvalidTag):
        vault(1).open(sealed, "patient.phone")
    for place in (0, 12, len(sealed.data) - 1):
        altered = bytearray(sealed.data)
        altered[place] ^= 1
        with pytest.raises(InvalidTag):
            vault(1).open(Sealed(sealed.key_id, bytes(altered)), "credential.number")


def test_the_newest_key_seals_and_old_ones_open() -> None:
    old = vault(1).seal("x", "c")
    both = vault(1, 2)
    assert both.seal("x", "c").key_id == 2
    assert both.open(old, "c") == "x"


def test_the_blind_index_finds_equals_and_only_them() -> None:
    one, other = vault(1), vault(1, 2)
    assert one.index("310101199003071234", "number") == other.index("310101199003071234", "number"), (
        "it does not rotate"
    )
    assert one.index("a", "number") != one.index("b", "number")
    assert one.index("a", "number") != one.index("a", "phone")
    assert len(one.index("a", "number")) == 16


def test_keys_are_made_once_and_for_their_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "secrets" / "vault"
    sealed = load_vault(folder).seal("x", "c")
    assert load_vault(folder).open(sealed, "c") == "x"
    assert {path.name for path in folder.iterdir()} == {"index.key", "vault-1.key"}
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.stat().st_size == 32
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (folder / "vault-2.key").write_bytes(b"2" * 32)
    assert load_vault(folder).seal("x", "c").key_id == 2


def test_a_key_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "index.key"
    path.write_bytes(b"k" * 32)
    assert read_or_make(path) == b"k" * 32


# ---- ready


def listened(monkeypatch: pytest.MonkeyPatch) -> int:
    """The end of a pipe that hears what ``ready`` says."""
    hears, says = os.pipe()
    monkeypatch.setenv(ready.READY_FD, str(says))
    return hears


def test_ready_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with os.fdopen(listened(monkeypatch)) as hears:
        ready.tell_ready()
        ready.tell_ready()
        assert hears.read() == "READY\n"


def test_a_failure_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with os.fdopen(listened(monkeypatch)) as hears:
        ready.tell_failed("The port 80\n is in use.")
        assert hears.read() == "FAILED The port 80 is in use.\n"


@pytest.mark.parametrize("descriptor", ["", "x", "-1", "987654"])
def test_nobody_listens(monkeypatch: pytest.MonkeyPatch, descriptor: str) -> None:
    monkeypatch.setenv(ready.READY_FD, descriptor)
    ready.tell_ready()
    assert ready.READY_FD not in os.environ
