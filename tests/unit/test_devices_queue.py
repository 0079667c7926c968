"""What the agent remembers: events in the outbox, papers in the journal, the table of devices."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from yinyi.devices.journal import PrintJournal
from yinyi.devices.outbox import Outbox
from yinyi.devices.settings import DeviceEntry, DevicesMisread, devices_from
from yinyi.wire.terminal_line import (
    CardLaid,
    CardRemoved,
    Condition,
    DeviceState,
    PrintResult,
    ResidentCard,
    Scanned,
)

T0 = datetime(2026, 11, 23, 1, 26, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def scanned(event_id: str, at: datetime = T0) -> Scanned:
    return Scanned(event_id=event_id, device="scanner", at=at, text="x")


def laid(event_id: str, at: datetime = T0) -> CardLaid:
    return CardLaid(event_id=event_id, device="id_reader", at=at, credential=ResidentCard(block=bytes(256)))


def removed(event_id: str, at: datetime = T0) -> CardRemoved:
    return CardRemoved(event_id=event_id, device="id_reader", at=at)


def state(event_id: str, state: Condition, device: str = "receipt_printer") -> DeviceState:
    return DeviceState(event_id=event_id, device=device, at=T0, state=state)


def waiting(outbox: Outbox) -> list[str]:
    return [event.event_id for event in outbox.waiting()]


def test_events_wait_in_order_until_acknowledged() -> None:
    outbox = Outbox()
    for event in (scanned("a"), laid("b"), removed("c")):
        outbox.add(event)
    outbox.acknowledged("b")
    outbox.acknowledged("unheard of")
    assert waiting(outbox) == ["a", "c"]


def test_only_the_newest_state_of_each_device_waits() -> None:
    outbox = Outbox()
    for event in (state("a", "jam"), state("b", "ok", "scanner"), scanned("c"), state("d", "ok")):
        outbox.add(event)
    assert waiting(outbox) == ["b", "c", "d"]


def test_a_full_outbox_drops_the_oldest_but_no_result() -> None:
    outbox = Outbox(limit=3)
    outbox.add(PrintResult(event_id="r", job_id="j"))
    for number in range(5):
        outbox.add(scanned(f"s{number}"))
    assert waiting(outbox) == ["r", "s3", "s4"]


def test_a_card_that_is_gone_does_not_greet_the_next_person() -> None:
    outbox = Outbox()
    for event in (scanned("a"), laid("b"), removed("c", T0 + MINUTE), laid("d", T0 + MINUTE), state("e", "jam")):
        outbox.add(event)
    outbox.drop_stale(T0 + timedelta(seconds=90), older_than=MINUTE)
    assert waiting(outbox) == ["c", "d", "e"]


def test_a_card_that_still_lies_there_is_not_stale() -> None:
    outbox = Outbox()
    outbox.add(laid("a"))
    outbox.drop_stale(T0 + 60 * MINUTE, older_than=MINUTE)
    assert waiting(outbox) == ["a"]


def test_the_journal_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "jobs"
    journal = PrintJournal(path)
    journal.begin("ok")
    journal.end("ok", None)
    journal.begin("jammed")
    journal.end("jammed", "jam")
    journal.begin("cut off")
    assert not journal.ended("cut off")
    again = PrintJournal(path)
    assert [again.ending(job) for job in ("ok", "jammed", "cut off")] == [None, "jam", "interrupted"]
    assert not again.ended("never seen")


def test_the_journal_reads_past_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "jobs"
    journal = PrintJournal(path)
    journal.begin("a")
    journal.end("a", None)
    with path.open("ab") as file:
        file.write(b'{"job_id":"b","en')
    again = PrintJournal(path)
    assert again.ended("a")
    assert not again.ended("b")
    again.begin("b")
    again.end("b", "paper_out")
    assert PrintJournal(path).ending("b") == "paper_out"


def test_the_journal_stays_small(tmp_path: Path) -> None:
    path = tmp_path / "jobs"
    journal = PrintJournal(path, keep=10)
    for number in range(100):
        journal.begin(str(number))
        journal.end(str(number), None)
    assert len(path.read_bytes().splitlines()) <= 40
    assert journal.ended("99")
    assert not journal.ended("0")


def test_what_cannot_be_remembered_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    journal = PrintJournal(folder / "jobs")
    (folder / "jobs").unlink()
    folder.rmdir()
    with pytest.raises(OSError, match="No such file"):
        journal.begin("a")
    journal.end("a", "storage")
    assert journal.ending("a") == "storage"


def test_the_table_of_devices(tmp_path: Path) -> None:
    path = tmp_path / "devices.toml"
    path.write_text('[[device]]\nname = "reader_left"\nkind = "id_reader"\noptions = {port = 3}\n')
    assert devices_from(path) == (DeviceEntry(name="reader_left", kind="id_reader", options={"port": 3}),)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[device]",
        '[[device]]\nname = "a"',
        '[[device]]\nname = "A B"\nkind = "scanner"',
        '[[device]]\nname = "a"\nkind = "toaster"',
        '[[device]]\nname = "a"\nkind = "scanner"\nbaud = 9600',
        '[[device]]\nname = "a"\nkind = "scanner"\n[[device]]\nname = "a"\nkind = "id_reader"',
    ],
)
def test_a_wrong_table_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "devices.toml"
    path.write_text(text)
    with pytest.raises(DevicesMisread, match=r"devices\.toml: "):
        devices_from(path)
    with pytest.raises(DevicesMisread):
        devices_from(tmp_path / "nowhere.toml")
