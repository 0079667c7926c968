"""Where staff of a real platform get their cards: two who decide are set up first."""

from subprocess import CompletedProcess
from typing import Any

import msgspec

from real_platform import RealPlatform

DECIDE, THEIR_PIN = ("9001", "9002"), "246810"


def first_two(house: RealPlatform) -> None:
    """They are there afterwards; whether this has made them is not asked."""
    for number in DECIDE:
        house.command("staff-cards", "first", f"04A1{number}", "--staff", number, typed=f"{THEIR_PIN}\n")


def enrolled(house: RealPlatform, serial: str, staff: str, pin: str) -> CompletedProcess[str]:
    """One of the two says so: it waits for the other one."""
    typed = f"{THEIR_PIN}\n{pin}\n"
    return house.command("staff-cards", "enrol", serial, "--staff", staff, "--by", DECIDE[0], typed=typed)


def confirmed(house: RealPlatform, card: str, staff: str, by: str = DECIDE[1]) -> CompletedProcess[str]:
    return house.command("staff-cards", "confirm", card, "--staff", staff, "--by", by, typed=f"{THEIR_PIN}\n")


def staff_card(house: RealPlatform, serial: str, staff: str, pin: str) -> dict[str, Any]:
    """A card that both have decided on."""
    first_two(house)
    card = msgspec.json.decode(enrolled(house, serial, staff, pin).stdout)
    good = confirmed(house, str(card["card_id"]), staff)
    assert good.returncode == 0, good.stderr
    return msgspec.json.decode(good.stdout)
