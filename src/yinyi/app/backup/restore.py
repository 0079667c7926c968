"""Going back to an instant: the platform's database only. What lies outside (on a laptop: the sandbox hospital's
records, in the same server) does not go back with it, as no hospital's would."""

import asyncio
import shutil
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from yinyi.app.backup.archive import FRESH, Archive, told
from yinyi.app.backup.epoch import begin_epoch, highest_epoch, read_through
from yinyi.app.backup.recover import DRAFT, instant_reached, put_in_place, recovered
from yinyi.app.backup.take import take_backup
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.errors import CannotStart
from yinyi.app.migrations import upgrade
from yinyi.app.processes import HOSPITAL, PLATFORM
from yinyi.app.secret_files import private_folder
from yinyi.app.settings import Settings

Say = Callable[[str], None]


@dataclass(frozen=True)
class Restored:
    """reached_at: of the last change that is in it, in the platform's time. kept: where the old cluster lies."""

    epoch: int
    reached_at: datetime
    counts: dict[str, int]
    kept: Path | None


@dataclass(frozen=True)
class _Carried:
    """What is taken over from the cluster in use before that is put aside."""

    hospital: Path | None = None
    epoch: int = 0


def restore(settings: Settings, source: Archive, at: datetime | None, say: Say) -> Restored:
    """Nothing of what is in use changes before what replaces it is whole, has begun its epoch and was read through.
    The caller holds the data folder's lock.

    at: in the platform's time; ``None``: as far as the log goes.

    Raises:
        CannotStart: the sentence says why; everything is as it was.
    """
    offset = settings.make_clock().offset
    target = at - offset if at is not None else None
    backup = source.latest_before(target, offset)
    say(f"From the backup of {told(backup.ended_at + offset)}.")
    base, secrets = private_folder(settings.folder.postgres), settings.folder.secrets
    _bring_secrets(secrets, source, say)
    in_use = EmbeddedPostgres(base, secrets_dir=secrets)
    in_use.locate()
    archive = Archive(settings.archive)
    with _carried_over(settings, in_use, say) as carried:
        above = max(carried.epoch, archive.highest_epoch(), source.highest_epoch())
        with recovered(base, secrets, backup, target, in_use.cluster, offset) as server:
            reached_at = (instant_reached(server) or backup.ended_at) + offset
            say(f"The log is read up to {told(reached_at)}.")
            epoch = _begin(settings, server, reached_at, above, archive)
            counts = asyncio.run(read_through(server.url(PLATFORM, PLATFORM)))
            if carried.hospital is not None:
                _put_hospital(server, carried.hospital)
            shutil.rmtree(archive.folder / FRESH, ignore_errors=True)
            take_backup(server, archive, None, FRESH)
    kept = put_in_place(EmbeddedPostgres(base, secrets_dir=secrets, cluster=DRAFT), f"data.before-epoch-{epoch}")
    archive.begin_generation(f"until-epoch-{epoch}")
    return Restored(epoch, reached_at, counts, kept)


def adopt(settings: Settings, at: datetime) -> int:
    """The epoch that begins in a database which its own tools have brought to this instant."""
    upgrade(settings.database_url)
    return _begin_at(settings, settings.database_url, at, 0, Archive(settings.archive), stopped=False)


def _begin(settings: Settings, server: EmbeddedPostgres, at: datetime, above: int, archive: Archive) -> int:
    server.execute("SELECT 1", PLATFORM)  # says it in a sentence if the passwords are of another time
    url = server.url(PLATFORM, PLATFORM)
    upgrade(url)
    return _begin_at(settings, url, at, above, archive, stopped=True)


def _begin_at(settings: Settings, url: str, at: datetime, above: int, archive: Archive, *, stopped: bool) -> int:
    """The number is remembered outside the database before it is used: a database that is restored forgets it."""
    above = max(above, archive.highest_epoch(), asyncio.run(highest_epoch(url)))
    archive.remember_epoch(above + 1)
    return asyncio.run(begin_epoch(url, settings.make_clock().now(), at, above, stopped=stopped))


@contextmanager
def _carried_over(settings: Settings, in_use: EmbeddedPostgres, say: Say) -> Generator[_Carried]:
    """Read from the old server, which is started once more for it; without one, there is nothing to carry over."""
    dump = in_use.folder / "hospital.dump"
    if not (in_use.cluster / "PG_VERSION").exists():
        yield _Carried()
        return
    try:
        carried = _carry(settings, in_use, dump)
    except CannotStart as error:
        say(f"The old database cannot be read any more ({error}): the sandbox hospital goes back with the platform.")
        carried = _Carried()
    try:
        yield carried
    finally:
        dump.unlink(missing_ok=True)


def _carry(settings: Settings, in_use: EmbeddedPostgres, dump: Path) -> _Carried:
    with in_use as server:
        epoch = asyncio.run(highest_epoch(server.url(PLATFORM, PLATFORM)))
        if settings.hospital_database_url:
            return _Carried(epoch=epoch)
        dump.touch(mode=0o600)
        server.run_client("pg_dump", "-Fc", "--compress=0", "-d", HOSPITAL, "-f", str(dump))
        return _Carried(dump, epoch)


def _put_hospital(server: EmbeddedPostgres, dump: Path) -> None:
    server.drop_database(HOSPITAL)
    server.create_database(HOSPITAL, HOSPITAL)
    server.run_client("pg_restore", "--exit-on-error", "-d", HOSPITAL, str(dump))


def _bring_secrets(secrets: Path, archive: Archive, say: Say) -> None:
    """Files that are missing come from the newest backup that has them, if any has; what is there stays."""
    private_folder(secrets)
    with_secrets = [each.secrets for each in archive.backups() if each.secrets.exists()]
    for source in sorted(with_secrets[-1].iterdir()) if with_secrets else ():
        target = secrets / source.name
        if not target.exists():
            target.touch(mode=0o600)
            shutil.copyfile(source, target)
            say(f"{source.name} comes from the backup.")
    if not (secrets / f"postgres-{PLATFORM}").exists():
        raise CannotStart(
            f"The passwords and keys of this backup are missing: put the files of its `secrets` folder into {secrets}, "
            "or restore from a backup made with --with-secrets."
        )
    if not (secrets / "vault-1.key").exists():
        say("The keys (vault-1.key, index.key) are missing: numbers of documents and phones stay unreadable.")
