"""Numbers as hospitals write them: bounded before they are reckoned with, and digits are ASCII."""

from decimal import Decimal

MOST = 2**63
"""Beyond what a database counts to; a few letters can name a number that takes minutes to write out."""


def decimal(said: object) -> Decimal:
    """
    Raises:
        ValueError: it is no number, or one out of reach.
    """
    text = str(said).strip()
    if not text.isascii() or "_" in text:
        raise ValueError("no number")
    try:
        number = Decimal(text)
        in_reach = -MOST < number < MOST
    except ArithmeticError as error:  # also of what is no number
        raise ValueError("no number") from error
    if not in_reach:
        raise ValueError("a number out of reach")
    return number


def whole(said: object) -> int:
    """
    Raises:
        ValueError: it is no whole number, or one out of reach.
    """
    number = decimal(said)
    if number != int(number):
        raise ValueError("no whole number")
    return int(number)
