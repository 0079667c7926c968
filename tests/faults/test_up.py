"""`yinyi up` as a whole, with the real parts: what Ctrl-C and kill -9 leave behind."""

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from yinyi.app.embedded.folder import FolderLock, free_port
from yinyi.app.status import read_status

_YINYI = Path(sys.executable).with_name("yinyi")
_TIMEOUT_MS = 60_000


class Running:
    """A started Yinyi that answers."""

    def __init__(self, folder: Path) -> None:
        inherited = {name: text for name, text in os.environ.items() if not name.startswith("YINYI_")}
        self.folder = folder
        self.port = free_port()
        self._process = subprocess.Popen(
            [_YINYI, "up"],
            env=inherited | {"YINYI_DATA_DIR": str(folder), "YINYI_HTTP_PORT": str(self.port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def hear(self, words: str) -> None:
        assert self._process.stdout is not None
        heard: list[str] = []
        for line in self._process.stdout:
            heard.append(line)
            if words in line:
                return
        raise AssertionError(f"it never said {words!r} but {heard}")

    def pids(self) -> dict[str, int]:
        status = read_status(self.folder / "run" / "status.json")
        assert status is not None
        return {part.name: part.pid for part in status.parts if part.pid is not None}

    def send(self, number: signal.Signals) -> int:
        """Exit code."""
        self._process.send_signal(number)
        self._process.communicate(timeout=60)
        return self._process.returncode

    def health(self) -> int:
        with contextlib.suppress(HTTPError), urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=30) as answer:
            return answer.status
        return 0

    def wait_for_health(self) -> None:
        """Lines that were cut take a moment to be up again; the page itself looks at most twice a second."""
        deadline = time.monotonic() + 60
        while self.health() != 200:
            assert time.monotonic() < deadline
            select.select([], [], [], 0.25)


@contextmanager
def running(folder: Path) -> Generator[Running]:
    house = Running(folder)
    try:
        house.hear("Everything answers")
        yield house
    finally:
        house.send(signal.SIGKILL)


@contextmanager
def all_end(house: Running) -> Generator[None]:
    """Every process of every part has ended soon after the block, their own children too."""
    pids = list(house.pids().values())
    groups = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit() and _session(path) in pids]
    descriptors = [os.pidfd_open(pid) for pid in groups]
    assert len(descriptors) >= len(pids) > 0
    yield
    for descriptor in descriptors:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        assert ended.poll(_TIMEOUT_MS), "a process still runs"
        os.close(descriptor)


def _session(path: Path) -> int:
    """Each part leads a session of its own."""
    try:
        return int((path / "stat").read_text().rpartition(")")[2].split()[3])
    except OSError:
        return 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all, so that each start also shows that the one before left it whole."""
    return tmp_path_factory.mktemp("up") / "var"


def test_it_answers_and_ctrl_c_leaves_nothing_running(folder: Path) -> None:
    with running(folder) as house:
        assert house.health() == 200
        with all_end(house):
            assert house.send(signal.SIGINT) == 0
    FolderLock(folder).release()
    secrets = [file for file in (folder / "secrets").rglob("*") if file.is_file()]
    assert secrets
    assert {oct(file.stat().st_mode & 0o777) for file in secrets} == {"0o600"}


def test_kill_9_leaves_nothing_running_and_nothing_locked(folder: Path) -> None:
    with running(folder) as house, all_end(house):
        house.send(signal.SIGKILL)
    FolderLock(folder).release()


def test_a_killed_part_comes_back_and_everything_answers_again(folder: Path) -> None:
    with running(folder) as house:
        for part, pid in house.pids().items():
            os.kill(pid, signal.SIGKILL)
            house.hear(f"{part}: it ended (signal SIGKILL)")
            house.hear(f"{part} is ready")
            assert house.pids()[part] != pid
        house.wait_for_health()
