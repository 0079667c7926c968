"""A base backup and the log, with a real PostgreSQL: back to an instant, the platform only, and nothing half done."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner

from yinyi.app.backup.archive import Archive
from yinyi.app.backup.restore import Restored, restore
from yinyi.app.backup.take import take_backup
from yinyi.app.cli import application
from yinyi.app.embedded.folder import FolderLock
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.errors import CannotStart
from yinyi.app.migrations import upgrade
from yinyi.app.processes import HOSPITAL, PLATFORM
from yinyi.app.settings import Settings


class House:
    """A data folder whose platform and hospital note words, each in a database of its own."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(data_dir=folder, archive_dir=folder / "elsewhere")
        self.archive = Archive(self.settings.archive)
        self.said: list[str] = []

    def server(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.settings.folder.postgres, secrets_dir=self.settings.folder.secrets)

    def restore(self, at: datetime | None) -> Restored:
        return restore(self.settings, self.archive, at, self.said.append)

    def words(self, server: EmbeddedPostgres, database: str) -> list[str]:
        return server.execute("SELECT word FROM words ORDER BY word", database).split()


def note(server: EmbeddedPostgres, word: str) -> datetime:
    """In both databases; an instant after it, before anything else."""
    for database in (PLATFORM, HOSPITAL):
        server.execute(f"INSERT INTO words VALUES ('{word}')", database)
    return datetime.fromisoformat(server.execute("SELECT clock_timestamp()").strip())


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, datetime]:
    """``before`` is in the backup, ``kept`` in the log before the instant, ``lost`` after it."""
    house = House(tmp_path_factory.mktemp("backup") / "var")
    with house.server() as server:
        server.create_databases({PLATFORM: PLATFORM, HOSPITAL: HOSPITAL})
        upgrade(server.url(PLATFORM, PLATFORM))
        for database in (PLATFORM, HOSPITAL):
            server.execute("CREATE TABLE words (word text)", database)
        note(server, "before")
        take_backup(server, house.archive, house.settings.folder.secrets)
        instant = note(server, "kept")
        note(server, "lost")
    return house, instant


@pytest.mark.slow
def test_back_to_an_instant_and_back_once_more(backed_up: tuple[House, datetime]) -> None:
    house, instant = backed_up
    first = house.restore(instant)
    assert first.epoch == 1
    assert first.reached_at <= instant
    with house.server() as server:
        assert house.words(server, PLATFORM) == ["before", "kept"]
        assert house.words(server, HOSPITAL) == ["before", "kept", "lost"]
        assert asyncio.run(_next_payment(server.url(PLATFORM, PLATFORM))) > 1 << 40
        note(server, "after")
    assert first.kept is not None
    assert (first.kept / "PG_VERSION").exists()

    again = house.restore(instant)
    assert again.epoch == 2, "the database knows of none, but the archive does"
    with house.server() as server:
        assert house.words(server, PLATFORM) == ["before", "kept"]
        assert house.words(server, HOSPITAL) == ["after", "before", "kept", "lost"]
    assert [each.wal.parent.name for each in house.archive.backups()] == ["until-epoch-1", "until-epoch-2", "now"]


async def _next_payment(url: str) -> int:
    connection: asyncpg.Connection[Any] = await asyncpg.connect(url)
    try:
        return await connection.fetchval("SELECT nextval('payment_payment_id_seq')")
    finally:
        await connection.close()


@pytest.mark.slow
def test_an_instant_that_the_log_does_not_reach(backed_up: tuple[House, datetime]) -> None:
    house, _ = backed_up
    before = folder_names(house)
    with pytest.raises(CannotStart, match="So late an instant cannot be had: the log ends"):
        house.restore(datetime.now(UTC) + timedelta(hours=1))
    assert folder_names(house) - before <= {"data.restored"}
    with house.server() as server:
        assert "before" in house.words(server, PLATFORM)


def folder_names(house: House) -> set[str]:
    return {path.name for path in house.settings.folder.postgres.iterdir()}


@pytest.mark.slow
def test_everything_is_lost_but_the_archive(backed_up: tuple[House, datetime], tmp_path: Path) -> None:
    """Another machine: no database, no secrets. Keys come from the backup that has them."""
    house, _ = backed_up
    other = House(tmp_path / "var")
    shutil.copytree(house.archive.folder, other.archive.folder)
    above = other.archive.highest_epoch()
    done = other.restore(None)
    assert done.epoch == above + 1
    assert done.kept is None
    with other.server() as server:
        assert "before" in other.words(server, PLATFORM)
        assert "before" in other.words(server, HOSPITAL)
    assert any("postgres-yinyi comes from the backup" in line for line in other.said)


@pytest.mark.slow
def test_without_its_passwords_it_is_of_no_use(backed_up: tuple[House, datetime], tmp_path: Path) -> None:
    house, instant = backed_up
    other = House(tmp_path / "var")
    shutil.copytree(house.archive.folder, other.archive.folder)
    for backup in other.archive.backups():
        shutil.rmtree(backup.secrets, ignore_errors=True)
    with pytest.raises(CannotStart, match="The passwords and keys of this backup are missing"):
        other.restore(instant)


@pytest.mark.slow
def test_a_copy_that_was_damaged_is_not_put_in_place(backed_up: tuple[House, datetime], tmp_path: Path) -> None:
    house, instant = backed_up
    other = House(tmp_path / "var")
    shutil.copytree(house.archive.folder, other.archive.folder)
    victim = next(path for path in (other.archive.backups()[0].data / "base").glob("*/1259"))
    victim.write_bytes(victim.read_bytes()[:-1] + b"!")
    with pytest.raises(CannotStart, match="pg_verifybackup did not succeed"):
        other.restore(instant)
    assert not (other.settings.folder.postgres / "data").exists()


@pytest.fixture(autouse=True)
def logs_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command sets up the logs of its process, which here is that of all tests."""
    monkeypatch.setattr("yinyi.app.commands.restore.set_up_logs", str)


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["restore", "--at", "yesterday"], {}, "yesterday is no instant"),
        (["restore", "--at", "2999-01-01T00:00"], {}, "is still to come"),
        (["restore", "--from", "nowhere"], {}, "There is no backup in"),
        (["restore"], {"YINYI_DATABASE_URL": "postgresql://db/yinyi"}, "its own tools"),
        (["restore", "--adopt"], {}, "YINYI_DATABASE_URL names none"),
        (["restore", "--adopt"], {"YINYI_DATABASE_URL": "postgresql://db/yinyi"}, "Say it with --at"),
        (["restore", "status"], {}, "No Yinyi was started on"),
        (["backup"], {}, "No Yinyi was started on"),
        (["backup"], {"YINYI_DATABASE_URL": "postgresql://db/yinyi"}, "its own tools"),
    ],
)
def test_misuse_is_told_in_a_sentence(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], sentence: str
) -> None:
    told = {"YINYI_DATA_DIR": str(tmp_path / "var"), "YINYI_DATABASE_URL": ""} | environment
    done = CliRunner().invoke(application(arguments[0]), arguments, env=told)
    assert isinstance(done.exception, CannotStart), done.output
    assert sentence in str(done.exception)


def test_not_while_it_runs(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "var")
    try:
        done = CliRunner().invoke(application("restore"), ["restore"], env={"YINYI_DATA_DIR": str(tmp_path / "var")})
    finally:
        lock.release()
    assert isinstance(done.exception, CannotStart)
    assert "stop `yinyi up` first" in str(done.exception)


def test_one_backup_at_a_time(tmp_path: Path) -> None:
    FolderLock(tmp_path / "var" / "postgres").release()
    lock = FolderLock(tmp_path / "var" / "postgres", "backup.lock")
    try:
        done = CliRunner().invoke(application("backup"), ["backup"], env={"YINYI_DATA_DIR": str(tmp_path / "var")})
    finally:
        lock.release()
    assert isinstance(done.exception, CannotStart)
    assert "Another backup is running" in str(done.exception)
