"""What identity asks of the hospital and of the terminals."""

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar, runtime_checkable

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.business.identity.model import (
    CertificateHolder,
    CertificateRefused,
    CredentialKind,
    FaceCompared,
    FaceRefused,
    InquiryPurpose,
    PatientRecord,
    PaymentCardKind,
    Person,
)
from yinyi.kernel.outcome import Answer, Outcome


@runtime_checkable
class PatientIndex(Protocol):
    """The hospital's patient master index. Reads raise ``HospitalUnavailable``."""

    call_timeout_s: float

    async def find(self, kind: CredentialKind, number: str) -> list[PatientRecord]:
        """Everybody on record under this document: usually none or one, sometimes two."""
        ...

    async def by_number(self, patient_no: str) -> PatientRecord | None: ...

    async def create(self, reference: str, person: Person) -> Outcome:
        """First visit. ``Done`` with evidence ``patient_no``; the same reference answers the same number."""
        ...

    async def ask_created(self, reference: str) -> Answer: ...


class PresentedCards(Protocol):
    """What lies on the readers; the terminals know."""

    async def card_on_reader(self, tx: Tx, hospital_id: int, terminal_id: str) -> bytes | None:
        """The 256 bytes of text as the reader gave them, or None when nothing lies there (any more)."""
        ...

    async def takes(self, tx: Tx, hospital_id: int, kind: str, number: str, now: datetime) -> bool:
        """Whether documents of this kind and number are taken at this hospital's terminals."""
        ...

    async def wipe(self, tx: Tx, hospital_id: int, terminal_id: str) -> None:
        """Forget what was read: a card that is still there identifies nobody until it is laid again."""
        ...


class ScannedCodes(Protocol):
    """What scanners have read; the terminals know."""

    async def take_code(self, tx: Tx, hospital_id: int, terminal_id: str, after: int) -> str | None:
        """The text, if it was scanned after this version; nobody else has it then."""
        ...


@runtime_checkable
class CertificateDecoder(Protocol):
    """Who an insurance certificate's code (医保电子凭证) names. Neither the code nor the token behind it is kept."""

    async def decode(self, code: str) -> CertificateHolder | CertificateRefused:
        """
        Raises:
            DecoderUnavailable: it has not answered in time, or nothing follows from its answer.
        """
        ...


@runtime_checkable
class FaceMatcher(Protocol):
    """Whether somebody before a camera is the person on the picture of a card (人脸比对), one against one. Pictures are
    JPEG, as cameras and card readers give them; none is kept, logged or sent to anybody else."""

    call_timeout_s: float

    async def compare(self, picture: bytes, frames: Sequence[bytes]) -> FaceCompared | FaceRefused:
        """``picture``: the card's. ``frames``: at most eight of one look into the camera, in order.

        Raises:
            FaceUnavailable: it has not answered in time, or nothing follows from its answer.
        """
        ...


A = TypeVar("A")


class CardDesk(Protocol, Generic[A]):
    """The card terminals of kiosks, with the banks behind them. ``A``: a request to read a card, as they have it."""

    async def ready(self, call: Call, purpose: InquiryPurpose, kinds: Sequence[PaymentCardKind]) -> A:
        """A request for a card of these kinds; to bind one, the banks are made ready for its PIN first.

        Raises:
            ChannelUnavailable: none of them can be read here now.
        """
        ...

    def request_id(self, asked: A) -> str: ...

    async def begin(self, tx: Tx, call: Call, asked: A) -> None:
        """Ask for it at this terminal; whatever was asked for before is over."""
        ...

    async def leave(self, tx: Tx, call: Call) -> None:
        """No card is asked for any more, unless it is to pay with."""
        ...

    async def changed(self, tx: Tx, call: Call) -> None:
        """Something has become known of the card that was read last: the screen looks again."""
        ...
