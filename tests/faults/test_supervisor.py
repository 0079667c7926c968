"""What the supervisor does when parts, or it itself, are killed. The parts are stand-ins, the processes are real."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from yinyi.app.status import PartStatus, Status, read_status

_HOUSE = Path(__file__).with_name("stand_in_house.py")
_TIMEOUT_MS = 60_000


class House:
    """A supervisor with stand-in parts, in a process of its own."""

    def __init__(self, folder: Path, *parts: str) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, str(_HOUSE), str(folder), *parts],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # whoever runs the tests may ignore it
        )

    def hear(self, words: str) -> str:
        """The next line that holds these words."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if words in line:
                return line.rstrip()
        raise AssertionError(f"it never said {words!r}: {self._process.stderr and self._process.stderr.read()}")

    def parts(self) -> dict[str, PartStatus]:
        status = read_status(self._folder / "status.json")
        assert isinstance(status, Status)
        assert status.pid == self._process.pid
        return {part.name: part for part in status.parts}

    def pid(self, name: str) -> int:
        pid = self.parts()[name].pid
        assert pid is not None
        return pid

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def end(self) -> tuple[int, str]:
        """Exit code and what was said on the way."""
        out, err = self._process.communicate(timeout=60)
        return self._process.returncode, out + err


@contextmanager
def house(folder: Path, *parts: str) -> Generator[House]:
    home = House(folder, *parts)
    try:
        yield home
    finally:
        home.send(signal.SIGKILL)
        home.end()


@contextmanager
def ends(*pids: int) -> Generator[None]:
    """All these processes, alive now, have ended soon after the block."""
    descriptors = [os.pidfd_open(pid) for pid in pids]
    yield
    for descriptor in descriptors:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        assert ended.poll(_TIMEOUT_MS), "it still runs"
        os.close(descriptor)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_stops_the_parts_in_reverse(tmp_path: Path, number: signal.Signals) -> None:
    with house(tmp_path, "cellar=good", "floor=good<cellar", "roof=good<floor") as home:
        home.hear("all ready")
        with ends(home.pid("cellar"), home.pid("floor"), home.pid("roof")):
            home.send(number)
            assert home.end()[0] == 0
    assert (tmp_path / "farewells").read_text().split() == ["roof", "floor", "cellar"]


def test_kill_9_of_the_supervisor_leaves_nothing_running_and_nothing_locked(tmp_path: Path) -> None:
    for _ in range(2):
        with house(tmp_path, "cellar=good", "roof=deaf<cellar") as home:
            home.hear("all ready")
            with ends(home.pid("cellar"), home.pid("roof")):
                home.send(signal.SIGKILL)


def test_a_part_that_dies_is_started_again_and_it_says_so(tmp_path: Path) -> None:
    with house(tmp_path, "cellar=good", "roof=good<cellar") as home:
        home.hear("all ready")
        first, above = home.pid("cellar"), home.pid("roof")
        os.kill(first, signal.SIGKILL)
        assert home.hear("cellar: it ended") == (
            "cellar: it ended (signal SIGKILL): it said nothing; it is started again in 0.01 s"
        )
        home.hear("cellar is ready")
        assert home.pid("cellar") != first
        assert home.pid("roof") == above
        assert [home.parts()[name].restarts for name in ("cellar", "roof")] == [1, 0]
        assert home.parts()["cellar"].state == "ready"


def test_a_part_that_cannot_start_is_the_one_sentence_and_the_others_stop(tmp_path: Path) -> None:
    with house(tmp_path, "cellar=good", "roof=refuses<cellar") as home:
        home.hear("cellar is ready")
        code, said = home.end()
    assert code == 1
    assert said == "roof cannot start: the moon is in the wrong house\n"
    assert (tmp_path / "farewells").read_text().split() == ["cellar"]


def test_a_part_that_crashes_at_every_start_is_given_up_with_its_last_words(tmp_path: Path) -> None:
    with house(tmp_path, "cellar=crashes") as home:
        for pause in ("0.01", "0.02"):
            assert home.hear("cellar") == f"cellar: it ended (exit code 1): boom; it is started again in {pause} s"
        code, said = home.end()
    assert code == 1
    assert said == "cellar cannot start: it ended (exit code 1): boom\n"


def test_a_part_that_does_not_end_when_asked_is_ended(tmp_path: Path) -> None:
    with house(tmp_path, "cellar=deaf") as home:
        home.hear("all ready")
        with ends(home.pid("cellar")):
            home.send(signal.SIGTERM)
            home.hear("cellar did not end when asked; it is ended now")
            assert home.end()[0] == 0


def test_asked_twice_it_stops_at_once(tmp_path: Path) -> None:
    with house(tmp_path, "patient", "cellar=deaf") as home:
        home.hear("all ready")
        with ends(home.pid("cellar")):
            home.send(signal.SIGINT)
            home.hear("Stopping")
            home.send(signal.SIGINT)
            assert home.end()[0] == 0
