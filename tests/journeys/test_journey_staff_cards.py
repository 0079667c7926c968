"""``yinyi staff-cards`` as people type it: enrolled by one, confirmed by another, listed, revoked; no PIN is shown."""

import json

import pytest

from real_platform import RealPlatform
from staff_office import DECIDE, confirmed, enrolled, first_two

SERIAL, PIN = "04:a1:b2:c3:d4:e5:f7", "314159"


def test_a_card_is_enrolled_confirmed_listed_and_revoked(house: RealPlatform) -> None:
    first_two(house)
    made = enrolled(house, SERIAL, "w-zhou", PIN)
    assert made.returncode == 0, made.stderr
    assert PIN not in made.stdout + made.stderr
    card = json.loads(made.stdout)
    assert (card["staff_id"], card["terminal_id"], card["good_since"]) == ("w-zhou", "", None)
    again = enrolled(house, SERIAL, "w-chen", PIN)
    assert (again.returncode, again.stdout) == (1, "")
    alone = confirmed(house, str(card["card_id"]), "w-zhou", by=DECIDE[0])
    assert (alone.returncode, "SecondPersonNeeded" in alone.stderr) == (1, True)
    third = house.command("staff-cards", "first", "04A1C0FFEE", "--staff", "w-chen", typed=f"{PIN}\n")
    assert (third.returncode, "StaffCardsThere" in third.stderr) == (1, True)
    assert confirmed(house, str(card["card_id"]), "w-zhou").returncode == 0
    assert listed(house)[card["card_id"]]["good_since"]
    assert listed(house)[card["card_id"]]["revoked_at"] is None
    gone = house.command("staff-cards", "revoke", str(card["card_id"]), "--as", "supervisor")
    assert gone.returncode == 0, gone.stderr
    assert listed(house)[card["card_id"]]["revoked_at"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("enrol", "no-card", "--staff", "w-zhou"), "hexadecimal"),
        (("enrol", SERIAL), "--staff"),
        (("enrol", SERIAL, "--staff", "w-zhou"), "--by"),
        (("confirm", "7", "--staff", "w-zhou"), "--by"),
        (("confirm", "7"), "--staff"),
        (("first", SERIAL), "--staff"),
        (("revoke", "the-first"), "gives their numbers"),
    ],
)
def test_what_is_mistyped_is_said_in_a_sentence(house: RealPlatform, typed: tuple[str, ...], says: str) -> None:
    refused = house.command("staff-cards", *typed, typed=f"{PIN}\n")
    assert refused.returncode == 1
    assert says in refused.stderr
    assert "Traceback" not in refused.stderr


def listed(house: RealPlatform) -> dict[int, dict[str, object]]:
    told = house.command("staff-cards", "list")
    assert told.returncode == 0, told.stderr
    return {card["card_id"]: card for card in json.loads(told.stdout)["cards"]}
