"""Citizen identification numbers, GB 11643-1999: region (6), birth date (8), sequence (3, odd = male), check digit.

Residence permits for people from Hong Kong (81), Macao (82) and Taiwan (83) and, since 2023, permanent-resident cards
of foreigners (first digit 9, then province and ISO 3166 numeric nationality) have the same form and check digit.
"""

from datetime import date
from typing import Literal

_REMAINDERS = "10X98765432"
_DIGITS = frozenset("0123456789")
_LENGTH = 18


def check_digit(first_17: str) -> str:
    """ISO 7064 MOD 11-2 over 17 digits: ``0``–``9`` or ``X``.

    Raises:
        ValueError: not 17 ASCII digits.
    """
    if len(first_17) != _LENGTH - 1 or not _DIGITS.issuperset(first_17):
        raise ValueError("17 digits are needed")
    total = sum(int(digit) * pow(2, _LENGTH - 1 - place, 11) for place, digit in enumerate(first_17))
    return _REMAINDERS[total % 11]


def normalised(number: str) -> str:
    """As printed on the card: no blanks around it, X upper case."""
    return number.strip().upper()


def is_valid(number: str) -> bool:
    """Whether it has the form, a possible birth date and the right check digit. Says nothing of its existence."""
    if len(number) != _LENGTH or not _DIGITS.issuperset(number[:-1]) or number[0] == "0":
        return False
    try:
        born_on(number)
    except ValueError:
        return False
    return check_digit(number[:-1]) == number[-1]


def born_on(number: str) -> date:
    """Digits 7–14.

    Raises:
        ValueError: no such day.
    """
    text = number[6:14]
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


def sex(number: str) -> Literal["male", "female"]:
    """Digit 17: odd is male."""
    return "male" if int(number[16]) % 2 else "female"


def number_of(region: str, born: date, sequence: int) -> str:
    """A whole number out of its parts. ``sequence`` 0–999, odd for a man.

    Raises:
        ValueError: a part has the wrong length.
    """
    first_17 = f"{region}{born:%Y%m%d}{sequence:03d}"
    return first_17 + check_digit(first_17)
