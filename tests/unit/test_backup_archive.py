"""The archive: which backup serves which instant, what is removed, and what is remembered."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from yinyi.app.backup.archive import FRESH, Archive, Backup
from yinyi.app.errors import CannotStart

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def backup(archive: Archive, at: datetime, segment: int, generation: str = "now") -> Backup:
    """One that was finished then and needs the log from this segment on."""
    draft = archive.draft(generation)
    (draft / "data").mkdir()
    label = f"START WAL LOCATION: 0/{segment}000028 (file {segment:024X})\n"
    (draft / "data" / "backup_label").write_text(label, encoding="ascii")
    return archive.finish(draft, at - timedelta(minutes=1), at)


def log(archive: Archive, *segments: str) -> None:
    archive.wal.mkdir(parents=True, exist_ok=True)
    for name in segments:
        (archive.wal / name).touch()


def left(archive: Archive) -> list[str]:
    return sorted(path.name for path in archive.wal.iterdir())


def test_the_nearest_backup_before_an_instant(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    first, second = backup(archive, START, 1), backup(archive, START + HOUR, 5)
    assert archive.backups() == [first, second]
    assert archive.latest_before(None) == second
    assert archive.latest_before(START + HOUR) == second
    assert archive.latest_before(START + HOUR - timedelta(seconds=1)) == first
    with pytest.raises(CannotStart, match=r"of 2026-03-02T09:00:00\+08:00: an earlier instant cannot be had"):
        archive.latest_before(START - timedelta(seconds=1))


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="There is no backup in"):
        Archive(tmp_path / "none").latest_before(None)


def test_what_was_not_finished_does_not_count_and_is_removed(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    broken = archive.draft("now")
    assert archive.backups() == []
    whole = backup(archive, START, 1)
    assert not broken.exists()
    backup(archive, START + HOUR, 2, FRESH)
    assert archive.backups() == [whole], "the next generation has not begun"


def test_old_backups_go_and_the_log_that_nobody_needs(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    backups = [backup(archive, START + HOUR * n, segment) for n, segment in enumerate((1, 4, 7))]
    log(archive, *(f"{n:024X}" for n in range(1, 9)), f"{9:024X}.partial", "00000002.history")
    assert archive.prune(2) == backups[:1]
    assert archive.backups() == backups[1:]
    assert left(archive) == [*(f"{n:024X}" for n in range(4, 9)), f"{9:024X}.partial", "00000002.history"]
    assert archive.prune(2) == []


def test_a_generation_without_backups_goes_as_a_whole(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    old = backup(archive, START, 1)
    log(archive, f"{1:024X}")
    new = backup(archive, START + HOUR, 2, FRESH)
    archive.begin_generation("until-epoch-1")
    assert [each.ended_at for each in archive.backups()] == [old.ended_at, new.ended_at]
    assert (tmp_path / "archive" / "until-epoch-1" / "wal" / f"{1:024X}").exists()
    assert not archive.wal.exists(), "the log of the new one is made by whoever keeps it"
    archive.prune(1)
    assert [path.name for path in (tmp_path / "archive").iterdir()] == ["now"]
    assert [each.ended_at for each in archive.backups()] == [START + HOUR]


def test_a_copy_that_is_not_whole_is_said_so(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    whole = backup(archive, START, 1)
    assert whole.first_segment() == f"{1:024X}"
    (whole.data / "backup_label").unlink()
    with pytest.raises(CannotStart, match="is not whole"):
        whole.first_segment()


def test_the_highest_epoch_outlives_the_database(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    assert archive.highest_epoch() == 0
    archive.remember_epoch(3)
    assert Archive(tmp_path / "archive").highest_epoch() == 3
    assert (tmp_path / "archive" / "epoch").stat().st_mode & 0o077 == 0
