"""`yinyi up` where it cannot start: one clear sentence, exit code 1, no traceback, nothing left behind."""

import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from yinyi.app.embedded.folder import FolderLock, free_port
from yinyi.app.settings import Settings

_YINYI = Path(sys.executable).with_name("yinyi")
_TLS = {"YINYI_TLS_CERTIFICATE": "own.pem"}


def start(folder: Path, *, command: Sequence[str] = (str(_YINYI), "up"), **settings: str) -> str:
    """What `yinyi up` says on its way out."""
    inherited = {name: text for name, text in os.environ.items() if not name.startswith("YINYI_")}
    given = {"YINYI_DATA_DIR": str(folder), "YINYI_HTTP_PORT": "0"} | settings
    done = subprocess.run(command, env=inherited | given, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done
    assert "Traceback" not in done.stdout + done.stderr
    return done.stderr


def test_a_mistyped_variable(tmp_path: Path) -> None:
    assert start(tmp_path, YINYI_HTTP_PROT="1") == (
        "There is no setting YINYI_HTTP_PROT; the nearest one is YINYI_HTTP_PORT.\n"
    )


@pytest.mark.parametrize(
    "setting", [f"YINYI_{name.upper()}" for name in Settings.__struct_fields__ if name.endswith("_port")]
)
def test_a_port_in_use(tmp_path: Path, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert start(tmp_path, **_TLS, **{setting: str(port)}) == (
            f"Port {port} of 127.0.0.1 is in use by another program; choose another one with {setting}.\n"
        )


def test_a_port_given_twice(tmp_path: Path) -> None:
    port = str(free_port())
    assert start(tmp_path, YINYI_HL7_PORT=port, YINYI_SANDBOX_PORT=port) == (
        f"YINYI_HL7_PORT and YINYI_SANDBOX_PORT are both {port}; each needs a port of its own.\n"
    )


def test_an_address_that_is_not_this_machines(tmp_path: Path) -> None:
    said = start(tmp_path, YINYI_HTTP_HOST="192.0.2.1")
    assert said.startswith("Port ")
    assert said.endswith(" of 192.0.2.1 cannot be opened: Cannot assign requested address.\n")


def test_a_folder_in_use(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    assert start(tmp_path) == (
        f"The folder {tmp_path} is in use by another running Yinyi (process {os.getpid()}); "
        "stop it, or choose another folder with YINYI_DATA_DIR.\n"
    )
    lock.release()


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert start(file / "var") == f"The folder {file / 'var'} cannot be used: Not a directory.\n"


@pytest.mark.parametrize(("films_mb", "left_mb"), [(3, 28), (33, 0)])
def test_a_full_disk(tmp_path: Path, films_mb: int, left_mb: int) -> None:
    """With too little room, and with none: not even the number of the process can be written then. A disk of 32 MB
    that only this test sees, and that needs no rights of its own."""
    folder = tmp_path / "var"
    fill = f"head -c {films_mb}M /dev/zero > {tmp_path}/films"
    disk = f"mount -t tmpfs -o size=32m tmpfs {tmp_path}; {fill}; exec {_YINYI} up"
    said = start(folder, command=("unshare", "--map-root-user", "--mount", "sh", "-c", disk))
    told = [line for line in said.splitlines() if not line.startswith("head: ")]
    assert told == [f"The disk that holds {folder} is full: {left_mb} MB are free, 100 MB are needed."]


def test_a_database_folder_of_another_version(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("14\n")
    said = start(tmp_path)
    assert f"The database in {data} was made by PostgreSQL 14, but Yinyi runs PostgreSQL" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("setting", ["YINYI_DATABASE_URL", "YINYI_HOSPITAL_DATABASE_URL"])
def test_a_database_that_does_not_answer(tmp_path: Path, setting: str) -> None:
    said = start(tmp_path, **{setting: f"postgresql://yinyi:secret@127.0.0.1:{free_port()}/yinyi"})
    assert said.startswith(f"The database of {setting} cannot be used: ")
    assert "secret" not in said


def test_a_bus_that_does_not_answer_or_is_none(tmp_path: Path) -> None:
    said = start(tmp_path, YINYI_NATS_URL=f"nats://127.0.0.1:{free_port()}")
    assert said == "The bus of YINYI_NATS_URL does not answer: Connection refused.\n"
