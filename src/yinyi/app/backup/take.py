"""Taking a base backup from a server that runs, and seeing to it that its log is kept from then on."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from yinyi.app.backup.archive import MACHINE, NOW, Archive, Backup
from yinyi.app.embedded.folder import require_space
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.secret_files import private_folder

SLOT = "archive"
"""The server keeps its log for it until it is in the archive; up to ``max_slot_wal_keep_size``."""

_ENSURE_SLOT = """
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
WHERE slot_name = 'archive' AND wal_status = 'lost' AND NOT active;
SELECT pg_create_physical_replication_slot('archive', true)
WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'archive');
"""
_LOST = "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'archive' AND wal_status = 'lost'"
_DROP_SLOT = """
SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots
WHERE slot_name = 'archive' AND active_pid IS NOT NULL;
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'archive';
"""
_STREAMS = "SELECT count(*) FROM pg_stat_replication WHERE application_name = 'pg_receivewal'"
_PATIENCE_S = 30.0
_PAUSE_S = 0.25

Say = Callable[[str], None]


def take_backup(server: EmbeddedPostgres, archive: Archive, secrets: Path | None, generation: str = NOW) -> Backup:
    """A base backup in this generation, with the slot that keeps the log for it.

    Raises:
        CannotStart: the disk is full, the server refuses, …
    """
    private_folder(archive.folder)
    require_space(archive.folder, _size_bytes(server.cluster) * 6 // 5)
    server.execute(_ENSURE_SLOT)
    private_folder(archive.folder / generation)
    private_folder(archive.folder / generation / "wal")
    draft, began_at = archive.draft(generation), MACHINE.now()
    data = ("-D", str(draft / "data"), "-X", "stream", "-c", "fast", "--no-password")
    server.run_client("pg_basebackup", *data)
    if secrets is not None:
        _copy_secrets(secrets, private_folder(draft / "secrets"))
    return archive.finish(draft, began_at, MACHINE.now())


def mend_generation(server: EmbeddedPostgres, archive: Archive, say: Say) -> None:
    """Where the log has a gap, a new line of it begins: the backup that follows is its first."""
    if not archive.wal.exists():
        return
    if int(server.execute(_LOST)) == 0 and _streams(server):
        return
    say("The log was not kept without a gap; it is kept anew from here on.")
    archive.begin_generation(f"until-{MACHINE.now():%Y%m%dT%H%M%SZ}")
    server.execute(_DROP_SLOT)


def _streams(server: EmbeddedPostgres) -> bool:
    """Whether the log is being kept; a process that begins to keep it gets a moment."""
    end = time.monotonic() + _PATIENCE_S
    while int(server.execute(_STREAMS)) == 0:
        if time.monotonic() > end:
            return False
        time.sleep(_PAUSE_S)
    return True


def until_log_is_kept(server: EmbeddedPostgres) -> bool:
    """After the first backup: the process that waited for it has begun."""
    return _streams(server)


def _copy_secrets(source: Path, target: Path) -> None:
    for path in source.iterdir():
        if path.is_file() and not path.name.startswith("."):
            copy = target / path.name
            copy.touch(mode=0o600)
            shutil.copyfile(path, copy)


def _size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
