"""``yinyi staff-cards`` as people type it: enrolled, listed, revoked; the PIN stands nowhere."""

import json

import pytest

from real_platform import RealPlatform

SERIAL, PIN = "04:a1:b2:c3:d4:e5:f7", "314159"


def test_a_card_is_enrolled_listed_and_revoked(house: RealPlatform) -> None:
    made = house.command("staff-cards", "enrol", SERIAL, "--staff", "w-zhou", typed=f"{PIN}\n")
    assert made.returncode == 0, made.stderr
    assert PIN not in made.stdout + made.stderr
    card = json.loads(made.stdout)
    assert (card["staff_id"], card["terminal_id"]) == ("w-zhou", "")
    again = house.command("staff-cards", "enrol", SERIAL, "--staff", "w-chen", typed=f"{PIN}\n")
    assert (again.returncode, again.stdout) == (1, "")
    assert listed(house)[card["card_id"]]["revoked_at"] is None
    gone = house.command("staff-cards", "revoke", str(card["card_id"]), "--as", "supervisor")
    assert gone.returncode == 0, gone.stderr
    assert listed(house)[card["card_id"]]["revoked_at"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("enrol", "no-card", "--staff", "w-zhou"), "hexadecimal"),
        (("enrol", SERIAL), "--staff"),
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
