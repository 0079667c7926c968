"""Who of the staff sits at the keyboard: his staff number, and the PIN of his staff card, which no command line has."""

import getpass
import re
import sys
from typing import Any, NamedTuple

from yinyi.app.errors import CannotStart
from yinyi.bus.operation import Operation, spec_of

_PIN = re.compile(r"[0-9]{6,12}")


class Person(NamedTuple):
    """One of the staff, as he says and as he proves it; empty: nobody has said who he is."""

    number: str = ""
    pin: str = ""


NOBODY = Person()


def who_asks(message: type[Operation[Any]], number: str, option: str = "--staff") -> Person:
    """Whoever has this staff number, once his PIN is typed: without an echo, or as a line of the standard input.
    option: by which he says his number.

    Raises:
        CannotStart: a person has to ask this and has not said who he is, or what was typed can be no PIN.
    """
    if number:
        return Person(number, _typed_pin(number))
    if spec_of(message).by_person:
        raise CannotStart(f"Who are you? {option} NUMBER, of whoever has a staff card (yinyi staff-cards list).")
    return NOBODY


def _typed_pin(number: str) -> str:
    """What was typed is in no message."""
    line = getpass.getpass(f"PIN of {number}: ") if sys.stdin.isatty() else sys.stdin.readline(4096)
    if not _PIN.fullmatch(line.strip()):
        raise CannotStart("A PIN is 6 to 12 digits.")
    return line.strip()
