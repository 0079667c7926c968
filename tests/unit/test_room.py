"""A disk that fills up is told before it is full, and again when it is not."""

from pathlib import Path

from yinyi.app.embedded.folder import MIB
from yinyi.app.room import Room
from yinyi.kernel.clock import ShiftedClock

FOLDER = Path("/srv/yinyi")


class Disk:
    def __init__(self) -> None:
        self.free_mb = 5000
        self.said: list[str] = []
        self.room = Room(FOLDER, self.said.append, ShiftedClock(), self._free)

    def _free(self, folder: Path) -> int:
        assert folder == FOLDER
        return self.free_mb * MIB

    def look(self, free_mb: int) -> tuple[bool, str]:
        self.free_mb = free_mb
        return self.room.look(), self.room.status.state


def test_a_disk_with_room_is_not_talked_about() -> None:
    disk = Disk()
    assert disk.look(1024) == (False, "ready")
    assert disk.said == []


def test_each_change_is_said_once() -> None:
    disk = Disk()
    seen = [disk.look(free_mb) for free_mb in (1023, 900, 99, 12, 0, 100, 101, 1024, 3000)]
    assert seen == [
        (True, "ready"),
        (False, "ready"),
        (True, "full"),
        (False, "full"),
        (False, "full"),
        (True, "ready"),
        (False, "ready"),
        (True, "ready"),
        (False, "ready"),
    ]
    assert disk.said == [
        "The disk that holds /srv/yinyi is filling up: 1023 MB are free. Make room before it is full.",
        "The disk that holds /srv/yinyi is full: 99 MB are free. No payment is taken until there is room.",
        "The disk that holds /srv/yinyi is filling up: 100 MB are free. Make room before it is full.",
        "There is room again on the disk that holds /srv/yinyi: 1024 MB are free.",
    ]
