"""Whether there is room on the disk for what will be written: a database without any takes no payment any more."""

import shutil
from collections.abc import Callable
from pathlib import Path

from yinyi.app.embedded.folder import MIB
from yinyi.app.status import PartStatus
from yinyi.kernel.clock import Clock

NEEDED_BYTES = 100 * MIB
"""With less it is full: nothing could be relied on to be written whole."""
PLENTY_BYTES = 1024 * MIB
"""With less it is said, in time for somebody to make room."""

_FEW = {
    NEEDED_BYTES: "The disk that holds {folder} is full: {mb} MB are free. No payment is taken until there is room.",
    PLENTY_BYTES: "The disk that holds {folder} is filling up: {mb} MB are free. Make room before it is full.",
}
_ENOUGH = "There is room again on the disk that holds {folder}: {mb} MB are free."


class Room:
    """``look()`` at it now and then: what has changed is said once."""

    def __init__(
        self, folder: Path, say: Callable[[str], None], clock: Clock, free_bytes: Callable[[Path], int] | None = None
    ) -> None:
        """``free_bytes``: on the disk that holds a folder."""
        self._folder, self._say, self._clock = folder, say, clock
        self._free_bytes = free_bytes or _free_bytes
        self._below: int | None = None
        self.status = PartStatus("disk", "ready", clock.now())

    def look(self) -> bool:
        """Whether there is something new.

        Raises:
            OSError: the folder is gone.
        """
        free_bytes = self._free_bytes(self._folder)
        below = next((limit for limit in _FEW if free_bytes < limit), None)
        if below == self._below:
            return False
        self._below = below
        words = _FEW[below] if below is not None else _ENOUGH
        self._say(words.format(folder=self._folder, mb=free_bytes // MIB))
        self.status = PartStatus("disk", "full" if below == NEEDED_BYTES else "ready", self._clock.now())
        return True


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free
