"""What can be wrong with bytes of a bank line. No text, attribute or cause of these ever holds a value of a message.

Iso8583Error
├── FieldError      a message or one of its fields
└── FrameError      the stream of bytes that the messages arrive in
"""

from typing import Literal

Place = int | Literal["header", "message type", "bitmap", "message"]


class Iso8583Error(ValueError):
    """What came, or what is to be sent, is no message of this line."""


class FieldError(Iso8583Error):
    """A field is not as its profile says. ``place`` is its number (or the part outside the fields)."""

    def __init__(self, place: Place, problem: str) -> None:
        super().__init__(f"field {place}: {problem}" if isinstance(place, int) else f"{place}: {problem}")
        self.place: Place = place
        self.problem = problem


class FrameError(Iso8583Error):
    """The bytes cannot be cut into messages any more: the connection has to be closed."""
