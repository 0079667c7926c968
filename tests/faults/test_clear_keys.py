"""Looks for clear keys and for cards wherever a running platform leaves something: files, logs, streams, database,
errors, environments."""

import asyncio
import base64
import traceback
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import suppress
from itertools import chain, product
from pathlib import Path
from typing import Any

import card_traces
import psutil
import pytest

from real_platform import RealPlatform
from yinyi.access.keys.software.config import Settings
from yinyi.access.keys.software.plugin import SoftwareKeyStore
from yinyi.business.lines.key_model import HeldKey, PosSession, WorkingPurpose
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.plugin import Surroundings
from yinyi.wire.iso8583 import des
from yinyi.wire.iso8583.mac import mac as mac_of

SLOT = PosSession("bank", "104110070110001", "00000001")
WORDS = ("--acquirer", SLOT.acquirer, "--merchant", SLOT.merchant_no, "--terminal", SLOT.terminal_no)
MASTER = bytes.fromhex("7F1E2D3C4B5A69788796A5B4C3D2E1F00F1E2D3C4B5A69788796A5B4C3D2E1AB")
FIRST = bytes.fromhex("6B1D0F3A5C7E9B2D4F61830C2E5A7D94")
SECOND = bytes.fromhex("A2C4E68102435F7B9DBFD1E30617283A")
TMK = bytes(a ^ b for a, b in zip(FIRST, SECOND, strict=True))
WORKING: dict[WorkingPurpose, bytes] = {
    "pik": bytes.fromhex("9D3F5B7718A2C4E60F2B4D6F8193A5C7"),
    "mak": bytes.fromhex("C24A8FB57AA20123"),
    "tdk": bytes.fromhex("3E5C7A98B6D4F2100E2C4A6886A4C2EF"),
}
PIN = "827164509273"
"""Of both custodians' staff cards."""
SECRETS = {"pin": PIN.encode(), "master": MASTER, "first": FIRST, "second": SECOND, "tmk": TMK, **WORKING}
PUT = """
INSERT INTO line_key (hospital_id, acquirer, merchant_no, terminal_no, purpose, master_key_id, wrapped, check_value,
  loaded_at, loaded_by)
SELECT hospital_id, acquirer, merchant_no, terminal_no, $1, master_key_id, $2, $3, loaded_at, 'session'
FROM line_key WHERE purpose = 'tmk' AND (acquirer, merchant_no, terminal_no) = ($4, $5, $6)
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


def faces(secret: bytes) -> set[bytes]:
    """How it may look: as it is, in hexadecimal, and in base64 wherever it begins in what surrounds it."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for before in range(3):
        text = base64.b64encode(bytes(before) + secret)
        inner = text[(0, 2, 3)[before] :].rstrip(b"=")[:-1]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    return found


def value(key: bytes) -> str:
    return des.check_value(key).hex().upper()


@pytest.mark.timeout(300)
def test_no_clear_key_and_no_card_is_left_anywhere(tmp_path: Path) -> None:
    house = RealPlatform(tmp_path / "var", MASTER_KEY=MASTER.hex(), LOG_LEVEL="debug")
    try:
        house.hear("Everything answers")
        said = [*load(house), *asyncio.run(use(house))]
        house.until_connected()
        house.kill("business")
        status = house.command("keys", "status")
        assert "NOT HERE" not in status.stdout
        assert value(TMK) in status.stdout
        wrapped = tmk_of(house).wrapped
        said += card_traces.play(house)
        far_side = house.folder / "sandbox"
        secrets = SECRETS | card_traces.secrets(house, far_side / "bank")
        assert {key.hex() for key in SECRETS.values()}.isdisjoint(status.stdout.lower().split())
        texts = {"said": "\n".join([*said, status.stdout, status.stderr]).encode(), **processes(house)}
        texts["database"] = "\n".join(dump(house)).encode()
        assert wrapped.hex().encode() in texts["database"], "the dump has what is in the tables"
        assert b"******" in texts["database"], "cards that were paid with are on record, masked"
    finally:
        house.stop()
    texts["logs"] = "\n".join(house.said).encode()
    ours = ((name, text) for name, text in files(house.folder) if far_side not in (house.folder / name).parents)
    found = {name: search(text, secrets) for name, text in chain(texts.items(), ours)}
    assert {name: leaks for name, leaks in found.items() if leaks} == {}
    banks = [search(text, secrets) for name, text in files(house.folder) if far_side in (house.folder / name).parents]
    assert any("PAN wang-fang" in each for each in banks), "the bank knows its cards, and they would be found"
    assert any(wrapped in content for _, content in files(house.folder / "postgres")), "files are looked into as well"
    assert not any(path.name.startswith("master-") for path in (house.folder / "secrets").iterdir())


def search(text: bytes, secrets: Mapping[str, bytes] = SECRETS) -> list[str]:
    return [name for name, secret in secrets.items() if any(face in text for face in faces(secret))]


def load(house: RealPlatform) -> Iterator[str]:
    """Two custodians, with all that can go wrong on the way; what the commands say."""
    one, two = (f"{PIN}\n{key.hex().upper()}\n{value(key)}\n" for key in (FIRST, SECOND))
    mistaken = f"{PIN}\n{SECOND.hex()}\n00000000\n"
    for staff, serial in (("3021", "04A1B2C3"), ("3022", "04A1B2C4")):
        done = house.command("staff-cards", "first", serial, "--staff", staff, typed=f"{PIN}\n")
        assert done.returncode == 0, done
        yield done.stdout + done.stderr
    unsealed = base64.b64encode(FIRST * 4).decode()
    body = '{"acquirer":"bank","merchant_no":"1","terminal_no":"1","part":1,"check_value":"00000000","entry":"%s"}'
    for expected, typed, words in (
        (0, one, ("load", *WORDS, "--part", "1", "--staff", "3021")),
        (1, two, ("load", *WORDS, "--part", "2", "--staff", "3021")),
        (1, two, ("load", *WORDS, "--part", "2", "--staff", "3023")),
        (1, mistaken, ("load", *WORDS, "--part", "2", "--staff", "3022")),
        (1, f"{PIN}\n{SECOND.hex()[:-1]}\n", ("load", *WORDS, "--part", "2", "--staff", "3022")),
        (0, two, ("load", *WORDS, "--part", "2", "--staff", "3022", "--as", "supervisor")),
        (1, "00000000\n", ("confirm", *WORDS)),
        (0, f"{value(TMK)}\n", ("confirm", *WORDS)),
        (1, "", ("rotate",)),
    ):
        done = house.command("keys", *words, typed=typed)
        assert done.returncode == expected, done
        yield done.stdout + done.stderr
    for entry in (FIRST.hex(), unsealed):
        done = house.command("ask", "LoadKeyComponent", body % entry, "--staff", "3021", typed=f"{PIN}\n")
        assert done.returncode == 1
        yield done.stdout + done.stderr


def tmk_of(house: RealPlatform) -> HeldKey:
    (row,) = house.rows(
        "SELECT master_key_id, wrapped, check_value FROM line_key"
        " WHERE purpose = 'tmk' AND (acquirer, merchant_no, terminal_no) = ($1, $2, $3)",
        *SLOT,
    )
    return HeldKey("tmk", *row)


async def use(house: RealPlatform) -> list[str]:
    """What a sign-on brings, and MACs; then what fails, with everything that Python says of it."""
    around = Surroundings(clock=house.clock, callback_url="", master_keys={1: bytearray(MASTER)})
    store, tmk = SoftwareKeyStore(Settings(), around), tmk_of(house)
    said, keys = [repr(store)], dict[str, HeldKey]()
    for purpose, key in WORKING.items():
        delivered = des.encrypt_ecb(TMK, key)
        taken = await store.take_working_key(tmk, SLOT, purpose, delivered, des.check_value(key))
        house.rows(PUT, purpose, taken.wrapped, taken.check_value, *SLOT)
        said.append(repr(taken))
        keys[purpose] = taken
    mac = await store.mac(keys["mak"], SLOT, "ecb", b"message")
    assert mac == mac_of("ecb", WORKING["mak"], b"message")
    delivered = des.encrypt_ecb(TMK, WORKING["mak"])
    moved = SLOT._replace(terminal_no="00000002")
    said += [
        await failing(store.take_working_key(tmk, SLOT, "mak", delivered, bytes(4))),
        await failing(store.take_working_key(tmk, SLOT, "mak", delivered + bytes(3), bytes(4))),
        await failing(store.take_working_key(tmk, moved, "mak", delivered, bytes(4))),
        await failing(store.mac(keys["pik"], SLOT, "ecb", b"message")),
        await failing(store.mac(keys["mak"], moved, "x9.19", b"message")),
        await failing(store.check(HeldKey("mak", "9-gone", keys["mak"].wrapped, bytes(4)), SLOT)),
    ]
    return said


async def failing(what: Coroutine[Any, Any, Any]) -> str:
    """Everything that Python would write into a log."""
    try:
        await what
    except YinyiError as error:
        shown = traceback.TracebackException.from_exception(error)
        return "".join(shown.format()) + error.detail
    raise AssertionError("it did not fail")


def dump(house: RealPlatform) -> Iterator[str]:
    """Every row of every table, as text."""
    for (table,) in house.rows(TABLES):
        for (row,) in house.rows(f'SELECT t::text FROM "{table}" AS t'):
            yield row


def processes(house: RealPlatform) -> dict[str, bytes]:
    """What anybody of this account can read of `yinyi up` and all that it has started."""
    up = psutil.Process(house.pid("business")).parent()
    assert up is not None
    found: dict[str, bytes] = {}
    for each, what in product((up, *up.children(recursive=True)), ("environ", "cmdline")):
        with suppress(FileNotFoundError, ProcessLookupError, psutil.NoSuchProcess):  # a server of one connection ends
            found[f"{each.name()} {each.pid} {what}"] = Path(f"/proc/{each.pid}/{what}").read_bytes()
    environments = [text for name, text in found.items() if name.endswith("environ")]
    assert len(environments) >= 6
    assert any(b"YINYI_DATA_DIR=" in text for text in environments)
    return found


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()


def test_every_face_is_known() -> None:
    for secret in SECRETS.values():
        for before in (b"", b"x", b"xy"):
            whole = before + secret + b"yz"
            texts = (whole, whole.hex().encode(), base64.b64encode(whole), base64.urlsafe_b64encode(whole))
            assert all(search(text) for text in texts)
    assert search(b"nothing of the kind" * 100) == []
