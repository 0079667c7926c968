"""What comes and goes by queue, whoever carries it: a body, and properties whose names are legal for JMS."""

from collections.abc import Mapping
from dataclasses import dataclass, field

OPERATION = "YinyiOperation"
INSTITUTION, TIMESTAMP, NONCE, SIGNATURE = "YinyiInstitution", "YinyiTimestamp", "YinyiNonce", "YinyiSignature"
ALGORITHM = "YinyiAlgorithm"
KEY = "YinyiKey"
SESSION = "YinyiPatient"
LANGUAGE = "YinyiLanguage"
OUTCOME, CODE, REASON, CORRELATION = "YinyiOutcome", "YinyiCode", "YinyiReason", "YinyiCorrelation"
REPLY_TO, MESSAGE_ID = "YinyiReplyTo", "YinyiMessageId"

ASKED: Mapping[str, tuple[str, bool]] = {
    OPERATION: ("the operation's name", True),
    INSTITUTION: ("who asks", True),
    TIMESTAMP: ("whole seconds since 1970, when it was signed", True),
    NONCE: ("16 to 64 letters, digits, - or _, never used twice", True),
    SIGNATURE: ("64 hexadecimal digits, lower case, over the five lines", True),
    ALGORITHM: ("HMAC-SHA256 (also without it) or HMAC-SM3", False),
    KEY: ("the idempotency key of what changes something, 8 to 64 visible ASCII characters", False),
    SESSION: ("the session of the patient whom it is about, where an institution asks for one", False),
    LANGUAGE: ("en: texts in English; otherwise Chinese", False),
}
"""By the name of a request's property: what it says, and whether it has to be there."""
ANSWERED: Mapping[str, str] = {
    OPERATION: "as it was asked",
    OUTCOME: "done; refused: do not ask again as it is; later: ask again, with the same key",
    CODE: "of the error, where it is not done",
    CORRELATION: "stands in the platform's logs",
}
DEAD: Mapping[str, str] = {
    CODE: "of the error",
    REASON: "the error's sentence, and what it is about",
    REPLY_TO: "where the answer should have gone",
    MESSAGE_ID: "of the message that was laid aside",
}
"""What a dead letter carries beside the properties of the message that it was."""


@dataclass(frozen=True)
class Letter:
    """properties: those that were said. charset: of the body, where its carrier knows it. cut: it was longer than is
    taken, and is not whole. delivery: the same when it is delivered again. within_s: so long somebody waits."""

    properties: Mapping[str, str]
    body: bytes
    within_s: float
    charset: str = ""
    cut: bool = False
    delivery: str = ""
    correlation: str = ""

    @property
    def in_xml(self) -> bool:
        return self.body.lstrip().startswith(b"<")

    def said(self, name: str) -> str:
        return self.properties.get(name, "")


@dataclass(frozen=True)
class Answer:
    """again: it may pass later, and nobody is to blame for it."""

    body: bytes
    properties: Mapping[str, str] = field(default_factory=dict[str, str])
    again: bool = False

    @property
    def done(self) -> bool:
        return CODE not in self.properties
