"""From a base backup and the log to the cluster as it was at an instant, in a folder beside the one in use."""

import contextlib
import ctypes
import os
import re
import shlex
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from yinyi.app.backup.archive import Backup, told
from yinyi.app.embedded.folder import require_space
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.errors import CannotStart
from yinyi.app.secret_files import private_folder

DRAFT = "data.restored"
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_REACHED = re.compile(r"last completed transaction was at log time (\S+ \S+)")
_PATIENCE_S = 24 * 3600.0
_FIRST_BYTES = 8
"""Of ``pg_control``: the number that PostgreSQL gave the cluster when it was made."""


def lay_out(server: EmbeddedPostgres, backup: Backup) -> None:
    """The copy, where ``server`` (whose cluster is ``DRAFT``) will find it, checked file by file.

    Raises:
        CannotStart: the disk is full, or the copy is not what was backed up.
    """
    server.locate()
    target = server.cluster
    shutil.rmtree(target, ignore_errors=True)
    require_space(target.parent, sum(path.stat().st_size for path in backup.data.rglob("*") if path.is_file()) * 2)
    try:
        shutil.copytree(backup.data, target, symlinks=True)
        target.chmod(0o700)
    except (OSError, shutil.Error) as error:
        raise CannotStart(f"The backup in {backup.folder} cannot be copied: {error}.") from error
    server.run_client("pg_verifybackup", "--no-parse-wal", "--quiet", str(target))
    (target / "recovery.signal").touch()
    server.give(target)


@contextmanager
def recovered(
    base_dir: Path, secrets: Path, backup: Backup, at: datetime | None, in_use: Path, offset: timedelta
) -> Generator[EmbeddedPostgres]:
    """The server on the laid-out copy, brought to this instant (``None``: as far as the log goes) and open to changes.

    offset: of the platform's clock, for what people are told.
    in_use: the cluster that is being replaced, if it is still there: it may hold the log's last moments.

    Raises:
        CannotStart: the log does not reach so far; the sentence says how far it does.
    """
    plain = EmbeddedPostgres(base_dir, secrets_dir=secrets, cluster=DRAFT)
    lay_out(plain, backup)
    with _log_for(plain, backup, in_use) as (archive, last):
        tuning = {
            "restore_command": _restore_command(archive, last),
            "recovery_target_action": "promote",
            "recovery_target_timeline": "current",
            "hot_standby": "off",
        }
        if at is not None:
            tuning["recovery_target_time"] = at.isoformat(sep=" ")
        server = EmbeddedPostgres(base_dir, tuning=tuning, secrets_dir=secrets, cluster=DRAFT)
        log = base_dir / "postgres.log"
        begun = log.stat().st_size if log.exists() else 0
        try:
            server.start(_PATIENCE_S)
        except CannotStart as error:
            raise _too_far(error, log, begun, offset) from error
        try:
            yield server
        finally:
            server.stop()


def instant_reached(server: EmbeddedPostgres) -> datetime | None:
    """Of the last change that was taken from the log; None: there was none after the base backup."""
    told = server.execute("SELECT pg_last_xact_replay_timestamp()").strip()
    return datetime.fromisoformat(told) if told else None


def put_in_place(server: EmbeddedPostgres, aside: str) -> Path | None:
    """The restored cluster becomes the one in use, at one stroke; where the old one lies now, if there was one."""
    server.locate()
    restored = server.cluster
    in_use, kept = restored.with_name("data"), restored.with_name(aside)
    if not in_use.exists():
        restored.rename(in_use)
        return None
    _exchange(restored, in_use)
    restored.rename(kept)
    return kept


@contextmanager
def _log_for(server: EmbeddedPostgres, backup: Backup, in_use: Path) -> Generator[tuple[Path, Path | None]]:
    """Where the server finds the log: in the archive, and what is not there yet in the cluster that was in use. What
    the server's account may not enter is copied for it first."""
    last = in_use / "pg_wal" if _same_cluster(in_use, backup.data) else None
    if not server.runs_as_another:
        yield backup.wal, last
        return
    copies = private_folder(server.folder / "log.restored")
    try:
        for source in (backup.wal, last):
            for path in source.glob("[0-9A-F]*") if source is not None and source.exists() else ():
                if path.is_file() and not (copies / path.name).exists():
                    shutil.copyfile(path, copies / path.name)
        server.give(copies)
        yield copies, None
    finally:
        shutil.rmtree(copies, ignore_errors=True)


def _restore_command(archive: Path, last: Path | None) -> str:
    """Whole segments of the archive first; then what the server itself still had; then the segment being written."""
    places = [(archive, "%f"), *([(last, "%f")] if last is not None else []), (archive, "%f.partial")]
    sources = [f"{shlex.quote(str(folder)).replace('%', '%%')}/{name}" for folder, name in places]
    return " || ".join(f'cp {source} "%p" 2>/dev/null' for source in sources)


def _same_cluster(one: Path, other: Path) -> bool:
    numbers: list[bytes] = []
    for cluster in (one, other):
        with contextlib.suppress(OSError), (cluster / "global" / "pg_control").open("rb") as file:
            numbers.append(file.read(_FIRST_BYTES))
    return len(numbers) == 2 and numbers[0] == numbers[1]


def _too_far(error: CannotStart, log: Path, begun: int, offset: timedelta) -> CannotStart:
    """PostgreSQL's words for a log that ends too early, in ours."""
    with log.open("rb") as file:
        file.seek(begun)
        said = file.read().decode("utf-8", "replace")
    if "recovery ended before configured recovery target was reached" not in said:
        return error
    found = _REACHED.search(said)
    ends = f"at {told(datetime.fromisoformat(found[1]) + offset)}" if found else "with the backup"
    return CannotStart(
        f"So late an instant cannot be had: the log ends {ends}. Without --at everything up to there is restored."
    )


def _exchange(one: Path, other: Path) -> None:
    """Swap two folders at one stroke; where the file system cannot, one after the other."""
    libc = ctypes.CDLL(None, use_errno=True)
    names = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    if hasattr(libc, "renameat2") and libc.renameat2(*names) == 0:
        return
    between = other.with_name(f"{other.name}.between")
    other.rename(between)
    one.rename(other)
    between.rename(one)
