"""Operate: a copy of the database, while everything runs, and the log from then on."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from yinyi.app.backup.archive import Archive, told
from yinyi.app.backup.take import mend_generation, take_backup, until_log_is_kept
from yinyi.app.embedded.folder import MIB, FolderInUse, FolderLock
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.errors import CannotStart
from yinyi.app.settings import Settings, settings_from

EXTERNAL = (
    "The database of YINYI_DATABASE_URL is backed up and restored by its own tools (pg_basebackup and WAL archiving, "
    "pgBackRest, …); after a restore Yinyi needs `yinyi restore --adopt --at …` before it starts again."
)


def command(
    to: Annotated[
        Path | None, typer.Option(help="a copy to carry away, complete by itself; else into the archive")
    ] = None,
    keep: Annotated[int, typer.Option(min=1, help="so many backups stay; older ones and their log are removed")] = 7,
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help="with the keys: whoever has it can read everything")
    ] = False,
) -> None:
    """Each run copies the whole database server, consistently, and removes what is too old. From the first one on its
    log is kept in YINYI_ARCHIVE_DIR, so that `yinyi restore` can go back to any instant in between."""
    settings = settings_from()
    if settings.database_url:
        raise CannotStart(EXTERNAL)
    archive = Archive(to.absolute() if to is not None else settings.archive)
    secrets = settings.folder.secrets if with_secrets else None
    offset = settings.make_clock().offset
    with _alone(settings), _server(settings) as (server, runs):
        if to is None and runs:
            mend_generation(server, archive, say)
        backup = take_backup(server, archive, secrets)
        if to is None and runs and not until_log_is_kept(server):
            say(
                "The log is not kept: the part `archive` of `yinyi up` does not run. This backup alone can be restored."
            )
    size = sum(path.stat().st_size for path in backup.folder.rglob("*") if path.is_file())
    seconds = (backup.ended_at - backup.began_at).total_seconds()
    say(f"Backed up into {backup.folder}: {size // MIB} MB in {seconds:.0f} s.")
    for old in archive.prune(keep):
        say(f"Removed the one of {told(old.ended_at + offset)}.")
    first = archive.backups()[0]
    total = archive.size_bytes() // MIB
    say(f"Any instant from {told(first.ended_at + offset)} on can be restored: {total} MB in all.")
    say(_of_secrets(settings, with_secrets))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextmanager
def _alone(settings: Settings) -> Generator[None]:
    """Two at once would ask more of the server than it has for that."""
    folder = settings.folder
    if not (folder.postgres / "lock").exists():
        raise CannotStart(f"No Yinyi was started on {settings.data_dir}; name its folder with YINYI_DATA_DIR.")
    try:
        lock = FolderLock(folder.postgres, "backup.lock")
    except FolderInUse as error:
        raise CannotStart(
            "Another backup is running: wait until it has ended, then ask again if you need one more."
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _server(settings: Settings) -> Generator[tuple[EmbeddedPostgres, bool]]:
    """The server that runs, or one that is started for this; and which of the two."""
    folder = settings.folder
    server = EmbeddedPostgres(folder.postgres, secrets_dir=folder.secrets)
    if server.attach():
        yield server, True
        return
    lock = FolderLock(settings.data_dir)
    try:
        with server:
            yield server, False
    finally:
        lock.release()


def _of_secrets(settings: Settings, with_secrets: bool) -> str:
    keys = sorted(path.name for path in settings.folder.secrets.glob("*.key"))
    files = ", ".join([*keys, "postgres-yinyi", "postgres-postgres"])
    if with_secrets:
        return f"The keys are in it ({files}): whoever has this copy can read every number in it."
    return (
        f"Not in it: {settings.folder.secrets}. Without {files} from there nobody can read the numbers of documents "
        "and phones again: keep a copy of that folder in another safe place."
    )
