"""The archive: base backups of the database server, and its log (WAL), from which any instant in between is made again.

::

    now/base/STAMP/data/           a copy of the whole cluster, consistent by itself
    now/base/STAMP/backup.json     when it was made
    now/base/STAMP/secrets/        only with --with-secrets
    now/wal/                       what has been written since, as it is written
    until-epoch-N/                 the same, of the time before the N-th restore
    epoch                          the highest restore epoch that was ever given out

One generation is one unbroken line of log: a restore, or a gap in the log, begins another one.
"""

import os
import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from yinyi.app.demo_hospital import ZONE
from yinyi.app.errors import CannotStart
from yinyi.app.secret_files import private_folder
from yinyi.kernel.clock import ShiftedClock

MACHINE = ShiftedClock()
"""The server's log goes by the machine's clock, wherever the platform's has been moved."""
NOW = "now"
FRESH = "now.new"
"""What becomes ``now`` with the next generation."""

_STAMP = "%Y%m%dT%H%M%S.%fZ"
_STARTS_WITH = re.compile(r"START WAL LOCATION: [0-9A-F/]+ \(file ([0-9A-F]{24})\)")


def told(at: datetime) -> str:
    """For people: in hospital time."""
    return at.astimezone(ZONE).isoformat(timespec="seconds")


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """A base backup. Instants are the machine's own, as the server's log has them."""

    folder: Path
    began_at: datetime
    ended_at: datetime

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def secrets(self) -> Path:
        return self.folder / "secrets"

    @property
    def wal(self) -> Path:
        """The log of its generation."""
        return self.folder.parents[1] / "wal"

    def first_segment(self) -> str:
        """The first file of the log that it needs.

        Raises:
            CannotStart: the copy is not what it should be.
        """
        try:
            found = _STARTS_WITH.search((self.data / "backup_label").read_text(encoding="ascii"))
        except OSError:
            found = None
        if found is None:
            raise CannotStart(f"The backup in {self.folder} is not whole: it says not where its log begins.")
        return found[1]


class _Made(msgspec.Struct, frozen=True):
    """``backup.json``."""

    began_at: datetime
    ended_at: datetime


class Archive:
    """A folder, 0700, that is made when it is needed first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def wal(self) -> Path:
        """Where the log goes while this folder is there; see ``processes.py``."""
        return self.folder / NOW / "wal"

    def backups(self) -> list[Backup]:
        """All that are whole, oldest first."""
        found = [backup for path in self.folder.glob("*/base/*/backup.json") if (backup := _read(path)) is not None]
        return sorted(found, key=lambda each: each.ended_at)

    def latest_before(self, at: datetime | None, offset: timedelta = timedelta()) -> Backup:
        """The backup from which the way to this instant is shortest; ``None``: the newest one.

        offset: of the platform's clock, for what people are told.

        Raises:
            CannotStart: there is none so old.
        """
        backups = self.backups()
        if not backups:
            raise CannotStart(f"There is no backup in {self.folder}; name the folder that has one with --from.")
        fitting = [each for each in backups if at is None or each.ended_at <= at]
        if not fitting:
            first = told(backups[0].ended_at + offset)
            raise CannotStart(f"The oldest backup in {self.folder} is of {first}: an earlier instant cannot be had.")
        return fitting[-1]

    def draft(self, generation: str) -> Path:
        """A new empty folder for a base backup; what a crash left of an earlier one is removed."""
        private_folder(self.folder / generation)
        base = private_folder(self.folder / generation / "base")
        for left in base.glob("*.new"):
            shutil.rmtree(left)
        return private_folder(base / f"{MACHINE.now():{_STAMP}}.new")

    def finish(self, draft: Path, began_at: datetime, ended_at: datetime) -> Backup:
        """The draft is whole: from now on it counts."""
        path = draft / "backup.json"
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(_Made(began_at, ended_at)))
        folder = draft.with_suffix("")
        draft.rename(folder)
        return Backup(folder=folder, began_at=began_at, ended_at=ended_at)

    def begin_generation(self, name_of_old: str) -> None:
        """What is there now keeps what it has; another line of log begins."""
        now, old = self.folder / NOW, self.folder / name_of_old
        if now.exists():
            now.rename(old if not old.exists() else old.with_name(f"{old.name}-{MACHINE.now():{_STAMP}}"))
        fresh = self.folder / FRESH
        if fresh.exists():
            fresh.rename(now)

    def prune(self, keep: int) -> list[Backup]:
        """Remove all but the newest ``keep`` backups, and the log that none of these needs; what was removed."""
        backups = self.backups()
        old = backups[:-keep]
        for backup in old:
            shutil.rmtree(backup.folder)
        for generation in self.folder.glob("*/base"):
            left = [each for each in backups[-keep:] if each.folder.parent == generation]
            if left:
                _drop_before(generation.with_name("wal"), left[0].first_segment())
            elif generation.parent.name != NOW:
                shutil.rmtree(generation.parent)
        return old

    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())

    # -- epochs

    def highest_epoch(self) -> int:
        """The highest restore epoch that was ever given out here; 0: none."""
        try:
            return int((self.folder / "epoch").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def remember_epoch(self, epoch: int) -> None:
        """On disk before it is used for the first time."""
        path = private_folder(self.folder) / "epoch"
        draft = path.with_suffix(".new")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(f"{epoch}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def _read(path: Path) -> Backup | None:
    try:
        made = msgspec.json.decode(path.read_bytes(), type=_Made)
    except (OSError, msgspec.MsgspecError):
        return None
    if path.parent.suffix == ".new" or path.parents[2].name == FRESH:
        return None
    return Backup(folder=path.parent, began_at=made.began_at, ended_at=made.ended_at)


def _drop_before(wal: Path, segment: str) -> None:
    """Names of segments sort as they were written, within one line of log."""
    for path in wal.glob("[0-9A-F]*"):
        if len(path.name) >= len(segment) and path.name[: len(segment)] < segment:
            path.unlink()
