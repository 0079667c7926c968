"""YINYI_MASTER_KEY: out of the environment at once, understood or refused in one sentence, to one process only."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from yinyi.app import master_key
from yinyi.app.errors import CannotStart
from yinyi.app.master_key import MASTER_KEY, MASTER_KEY_FD, check_master_keys, handed_over, master_keys, take_master_key
from yinyi.app.processes import parts_for
from yinyi.app.settings import Settings, settings_from

KEY = bytes(range(0x40, 0x60))
OTHER = bytes(range(0x60, 0x80))


@pytest.fixture(autouse=True)
def _nothing_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(master_key, "_held", bytearray())


def taken(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(MASTER_KEY, text)
    take_master_key()
    assert MASTER_KEY not in os.environ


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (KEY.hex(), {1: KEY}),
        (KEY.hex().upper(), {1: KEY}),
        (f" 3:{KEY.hex()} ", {3: KEY}),
        (f"2:{KEY.hex()}, 1:{OTHER.hex()}", {2: KEY, 1: OTHER}),
        ("", {}),
    ],
)
def test_it_is_taken_once(monkeypatch: pytest.MonkeyPatch, text: str, keys: dict[int, bytes]) -> None:
    taken(monkeypatch, text)
    check_master_keys()
    assert master_keys() == keys
    assert master_keys() == handed_over() == {}


@pytest.mark.parametrize(
    "text",
    [KEY.hex()[:-1], KEY.hex() + "0", KEY.hex()[:-1] + "g", "0:" + KEY.hex(), "correct horse battery staple", ","],
)
def test_a_mistyped_one_is_one_sentence_that_does_not_say_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    taken(monkeypatch, text)
    with pytest.raises(CannotStart) as refused:
        check_master_keys()
    assert str(refused.value).startswith("YINYI_MASTER_KEY must be 64 hexadecimal digits (256 bits), or several ")
    assert text.strip(",")[:8] not in str(refused.value) or text == ","


def test_two_with_one_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    taken(monkeypatch, f"{KEY.hex()},1:{OTHER.hex()}")
    with pytest.raises(CannotStart, match="has two keys with the number 1"):
        master_keys()


def test_a_mistyped_name_is_named() -> None:
    with pytest.raises(CannotStart, match="no setting YINYI_MASTERKEY; the nearest one is YINYI_MASTER_KEY"):
        settings_from({"YINYI_MASTERKEY": KEY.hex()})


def test_only_the_business_process_is_handed_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    taken(monkeypatch, KEY.hex())
    for part in parts_for(Settings(data_dir=tmp_path, database_url="postgresql://u@db/y", nats_url="nats://bus")):
        if part.name in ("postgres", "nats", "archive"):
            continue  # servers are made with an environment of their own
        command = part.command()
        handed = {MASTER_KEY_FD: KEY.hex().encode()} if part.name == "business" else {}
        assert command.hands_over == handed, part.name
        assert KEY.hex() not in f"{command!r} {dict(command.env)}"


READS_ITSELF = """
import os
from pathlib import Path
from yinyi.app.master_key import MASTER_KEY_FD, master_keys, take_master_key
descriptor = os.environ.get(MASTER_KEY_FD, "")
before = Path("/proc/self/environ").read_bytes()
take_master_key()
after = Path("/proc/self/environ").read_bytes()
gone = not descriptor or not os.path.exists(f"/proc/self/fd/{descriptor}")
found = [key.hex() for key in master_keys().values()]
print(found, before.count(WANTED), after.count(WANTED), gone, "MASTER" in str(os.environ))
"""


def reads_itself(more: dict[str, str], inherits: tuple[int, ...] = ()) -> str:
    code = f"WANTED = {KEY.hex().encode()!r}\n{READS_ITSELF}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **more},
        pass_fds=inherits,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


def test_the_block_it_stood_in_is_overwritten() -> None:
    said = reads_itself({MASTER_KEY: KEY.hex()})
    assert said == f"['{KEY.hex()}'] 1 0 True False"


def test_it_comes_through_a_pipe() -> None:
    reading, writing = os.pipe()
    os.write(writing, KEY.hex().encode())
    os.close(writing)
    try:
        said = reads_itself({MASTER_KEY_FD: str(reading)}, (reading,))
    finally:
        os.close(reading)
    assert said == f"['{KEY.hex()}'] 0 0 True False"
