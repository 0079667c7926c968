"""What can be wrong with bytes of an HL7 line. No text of these ever holds a value of a message.

Hl7Error
├── NotRead         a message, or one of its fields
├── CharsetUnknown  nobody can tell which characters the bytes are
└── FrameError      the stream of bytes that the messages arrive in
    └── MessageTooLarge
"""


class Hl7Error(ValueError):
    """What came, or what is to be sent, is no message of HL7 version 2."""


class NotRead(Hl7Error):
    """A message, or one of its fields, is not as the standard has it. ``place``: such as ``OBX-5`` or ``MSH``."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


class CharsetUnknown(Hl7Error):
    """MSH-18 names none that is read here, or the bytes are not of the one that it names."""


class FrameError(Hl7Error):
    """The bytes cannot be cut into messages any more: the connection has to be closed."""


class MessageTooLarge(FrameError):
    """A message of more bytes than are read. ``header``: its first segment, as far as an answer needs it."""

    def __init__(self, most_bytes: int, header: bytes) -> None:
        super().__init__(f"a message of more than {most_bytes} bytes")
        self.header = header
