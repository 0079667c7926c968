"""A card that still lies where it was laid when all is done: pages ask for it, and go on once it is taken."""

from yinyi.business.terminals.model import TerminalView


def on_reader(terminal: TerminalView) -> dict[str, str]:
    """What a page that says "please take your ID card" is refreshed for."""
    return {"card": "1"} if terminal.card_in_reader else {}


def in_slot(terminal: TerminalView) -> dict[str, str]:
    """Every page says "please take out your card" while one is in the card terminal."""
    return {"reading": "1"} if terminal.reading.card_in else {}
