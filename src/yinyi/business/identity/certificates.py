"""The insurance e-certificate (医保电子凭证): the code on somebody's phone says who he is, as his card would.

The code is decoded outside; what it stands for besides its holder, the token that pays, is not taken over.
"""

from yinyi.bus.call import Call
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.business.identity import attempts
from yinyi.business.identity.errors import (
    CertificateExpired,
    CertificateForeign,
    CertificateUnreadable,
    CertificateUsed,
    CheckDigitWrong,
    DecoderUnavailable,
    TooManyTries,
)
from yinyi.business.identity.identification import Identification
from yinyi.business.identity.media import CardRead, person_of_number
from yinyi.business.identity.messages import Identified
from yinyi.business.identity.messages_cards import IdentifyByCertificate
from yinyi.business.identity.model import CertificateHolder, CertificateRefused
from yinyi.business.identity.ports import CertificateDecoder, ScannedCodes
from yinyi.kernel.errors import YinyiError
from yinyi.kernel.secrets import Vault

LONGEST = 128
_REFUSED: dict[CertificateRefused, type[YinyiError]] = {
    "unreadable": CertificateUnreadable,
    "expired": CertificateExpired,
    "used": CertificateUsed,
    "foreign": CertificateForeign,
}


class Certificates:
    """Handler of ``IdentifyByCertificate``. ``decoder`` None: the hospital has none."""

    def __init__(
        self,
        database: Database,
        decoder: CertificateDecoder | None,
        scanned: ScannedCodes,
        identification: Identification,
        vault: Vault,
    ) -> None:
        self._database = database
        self._decoder = decoder
        self._scanned = scanned
        self._identification = identification
        self._vault = vault

    def leave_out(self) -> None:
        """Its decoder cannot be used: as if the hospital had none."""
        self._decoder = None

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.asks(IdentifyByCertificate, self.identify)

    async def identify(self, call: Call, message: IdentifyByCertificate) -> Identified:
        """Whatever becomes of it, this scan is used up. Codes that name nobody count as tries.

        Raises:
            CertificateUnreadable, CertificateExpired, CertificateUsed, CertificateForeign, TooManyTries.
            DecoderUnavailable, HospitalUnavailable: no answer; it does not count.
        """
        at = (call.hospital_id, call.principal.terminal_id)
        async with self._database.transaction() as tx:
            code = (await self._scanned.take_code(tx, *at, message.after) or "").strip()
        if not code.isascii() or not code.isalnum() or len(code) > LONGEST:
            raise CertificateUnreadable
        tried = (*at, self._vault.index(code, "identification_attempt.certificate"))
        async with self._database.transaction() as tx:
            within = await attempts.count(tx, *tried, call.now)
        if not within:
            raise TooManyTries
        try:
            holder = await self._holder(code)
        except DecoderUnavailable:
            async with self._database.transaction() as tx:
                await attempts.give_back(tx, *tried)
            raise
        async with self._database.transaction() as tx:
            await attempts.give_back(tx, *tried)
        return await self._identification.by_document(call, holder)

    async def _holder(self, code: str) -> CardRead:
        if self._decoder is None:
            raise DecoderUnavailable("there is none")
        found = await self._decoder.decode(code)
        if not isinstance(found, CertificateHolder):
            raise _REFUSED[found]
        person = person_of_number(found.number, found.name)
        if person is None:
            raise CheckDigitWrong
        return CardRead(person=person, valid_to=None)
