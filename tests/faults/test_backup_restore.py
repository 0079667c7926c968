"""`yinyi backup` and `yinyi restore`, for real: everything dies, the database goes back, the far side does not."""

import signal
import stat
from pathlib import Path

import pytest
from persistence import Patient

import books
from kiosk_client import KioskClient, patients
from real_platform import RealPlatform, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_TAKEN = "SELECT direction, taken_fen, returned_fen, ended_at IS NOT NULL AS ended FROM payment WHERE payment_no = $1"
_LATEST = "SELECT max(alive_until) AS at FROM process_lease"


def come(house: RealPlatform, machine: str, turn: int) -> Patient:
    """Somebody at a machine of his own."""
    client = KioskClient(house, machine=machine)
    try:
        return Patient(house, client.screen, patients(house)[turn])
    finally:
        client.close()


def payment(house: RealPlatform, payment_no: str) -> tuple[str, int, int, bool]:
    rows = house.rows(_TAKEN, payment_no)
    assert rows, f"{payment_no} is not known"
    return tuple(rows[0])


def delivered(house: RealPlatform, payment_no: str) -> bool:
    direction, taken_fen, returned_fen, ended = payment(house, payment_no)
    return ended and direction == "forward" and taken_fen > returned_fen == 0


def given_back(house: RealPlatform, payment_no: str) -> bool:
    direction, taken_fen, returned_fen, ended = payment(house, payment_no)
    return ended and direction == "back" and taken_fen == returned_fen > 0


def test_nothing_is_lost_and_nothing_used_twice(tmp_path: Path) -> None:
    house = RealPlatform(tmp_path / "var")
    try:
        house.hear("Everything answers")
        house.until_connected()
        kept, known, chooses = come(house, "M1", 1), come(house, "M2", 2), come(house, "M3", 3)
        first = kept.hold("0101", 0)
        assert kept.pay(first) == f"/done/{first}"
        done = house.command("backup")
        assert done.returncode == 0, done.stderr
        assert "vault-1.key" in done.stdout
        assert_private(house.folder / "archive")
        second, third = known.hold("0101", 1), chooses.hold("0102", 0)
        code = known.shows_code(second)
        instant = house.clock.now()
        beats = house.rows(_LATEST)[0]["at"]
        until(lambda: house.rows(_LATEST)[0]["at"] > beats, "something is written after this instant")

        # from here on everything will be lost
        house.phone("pay", code)
        assert known.ends(second) == f"/done/{second}"
        lost = [come(house, f"L{turn}", turn) for turn in (4, 5, 6)]
        fourth = lost[0].hold("0102", 1)
        assert lost[0].pay(fourth) == f"/done/{fourth}"
        fifth, sixth = lost[1].hold("0103", 0), lost[2].hold("0103", 1)
        code = lost[1].shows_code(fifth)
        house.signal("business", signal.SIGSTOP)
        house.phone("pay", code)
        used = references(house)
        refused = house.command("restore", "--at", instant.isoformat())
        assert refused.returncode == 1
        assert "stop `yinyi up` first" in refused.stderr
        for each in (kept, known, chooses, *lost):
            each.close()
    finally:
        house.stop(at_once=True)

    done = house.command("restore", "--at", instant.isoformat())
    assert done.returncode == 0, done.stderr
    assert "restore epoch 1" in done.stdout

    house = RealPlatform(tmp_path / "var", house.clock)
    try:
        house.hear("Everything answers")
        books.agree(house, first, second, fourth, fifth, sixth, within_s=240)
        assert [delivered(house, number) for number in (first, second, fourth)] == [True] * 3
        assert given_back(house, fifth)
        assert payment(house, sixth) == ("back", 0, 0, True)
        goes_on = come(house, "N3", 3)
        assert goes_on.pay(third) == f"/done/{third}"
        goes_on.close()
        fresh = come(house, "N1", 7)
        seventh = fresh.hold("0101", 0)
        assert fresh.pay(seventh) == f"/done/{seventh}"
        fresh.close()
        assert seventh[12:14] == "01"
        books.agree(house, third, seventh)
        assert house.command("ledger", "verify").returncode == 0
        told = house.command("restore", "status").stdout
        assert "everybody asked" in told
        assert all(number in told for number in (fourth, fifth, sixth))
        assert "statement of" in told
        assert not [name for name in references(house) - used if not name.startswith(seventh) and name[22:24] != "01"]
        assert house.command("backup", "--keep", "1").returncode == 0
    finally:
        house.stop()


def references(house: RealPlatform) -> set[str]:
    """All that the channel has ever seen, orders and refunds."""
    return {each["reference"] for each in house.orders()}


def assert_private(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        assert mode & 0o077 == 0, f"{path} {mode:o}"
