"""The operations about institutions."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from yinyi.bus.call import Call
from yinyi.bus.database import Tx
from yinyi.bus.dispatch import Change, Dispatcher
from yinyi.business.institutions import certificates_store, store
from yinyi.business.institutions import messages as ask
from yinyi.business.institutions.errors import (
    ClientCertificateKnown,
    ClientCertificatesEnough,
    ClientCertificateUnknown,
    ClientCertificateUnreadable,
    InstitutionKnown,
    InstitutionUnknown,
    SecretsEnough,
)
from yinyi.business.institutions.meter import day_began
from yinyi.business.institutions.model import Algorithm, Institution, InstitutionView
from yinyi.business.institutions.service import Institutions
from yinyi.wire.client_certificate import CertificateFacts, NotACertificate, facts_of

MOST_SECRETS = 4
MOST_CERTIFICATES = 2
"""The next one is there before the last one has run out."""
_TOLD_ONCE = "institutions.told_once"


class InstitutionDesk:
    """What the staff says of institutions."""

    def __init__(self, institutions: Institutions, zone: ZoneInfo) -> None:
        self.institutions = institutions
        self._zone = zone

    def register(self, dispatcher: Dispatcher) -> None:
        dispatcher.reads(ask.ListInstitutions, self._list)
        dispatcher.changes(ask.AddInstitution, Change(make=self._add, show=self._secret))
        dispatcher.changes(ask.ReplaceSecret, Change(make=self._replace, show=self._secret))
        dispatcher.changes(ask.SetInstitution, Change(make=self._set, show=self._show))
        dispatcher.changes(ask.AddClientCertificate, Change(make=self._add_certificate, show=self._show))
        dispatcher.changes(ask.RemoveClientCertificate, Change(make=self._remove_certificate, show=self._show))
        dispatcher.changes(ask.CloseInstitution, Change(make=self._close, show=self._show))

    async def _add(self, tx: Tx, call: Call, message: ask.AddInstitution, _: None) -> str:
        institution = Institution(
            hospital_id=call.hospital_id,
            institution_id=message.institution_id,
            kind=message.kind,
            name=message.name,
            operations=_granted(message.operations),
            per_minute=message.per_minute,
            per_day=message.per_day,
        )
        if not await store.add(tx, institution, call.now):
            raise InstitutionKnown
        await self._fresh(tx, call, institution.institution_id, message.algorithm)
        return message.institution_id

    async def _replace(self, tx: Tx, call: Call, message: ask.ReplaceSecret, _: None) -> str:
        good = await store.lock(tx, call.hospital_id, message.institution_id, call.now)
        if good is None:
            raise InstitutionUnknown
        until = call.now + timedelta(minutes=message.overlap_minutes)
        await store.limit_secrets(tx, call.hospital_id, message.institution_id, message.algorithm, until)
        if good >= MOST_SECRETS and message.overlap_minutes:
            raise SecretsEnough
        await self._fresh(tx, call, message.institution_id, message.algorithm)
        return message.institution_id

    async def _fresh(self, tx: Tx, call: Call, institution_id: str, algorithm: Algorithm) -> None:
        """It is told from the request that made it, and from no other."""
        call.notes[_TOLD_ONCE] = await self.institutions.add_secret(
            tx, call.hospital_id, institution_id, algorithm, call.now
        )

    async def _set(self, tx: Tx, call: Call, message: ask.SetInstitution, _: None) -> str:
        said = store.Agreed(message.name, _granted(message.operations), message.per_minute, message.per_day)
        if not await store.put(tx, call.hospital_id, message.institution_id, said):
            raise InstitutionUnknown
        return message.institution_id

    async def _close(self, tx: Tx, call: Call, message: ask.CloseInstitution, _: None) -> str:
        if not await store.close(tx, call.hospital_id, message.institution_id, call.now):
            raise InstitutionUnknown
        return message.institution_id

    async def _add_certificate(self, tx: Tx, call: Call, message: ask.AddClientCertificate, _: None) -> str:
        facts, whose = _read(message.certificate), (call.hospital_id, message.institution_id)
        good = await certificates_store.lock(tx, *whose, call.now)
        if good is None:
            raise InstitutionUnknown
        if good >= MOST_CERTIFICATES:
            raise ClientCertificatesEnough
        if not await certificates_store.add(tx, *whose, facts, message.suffices, call.now):
            raise ClientCertificateKnown
        return message.institution_id

    async def _remove_certificate(self, tx: Tx, call: Call, message: ask.RemoveClientCertificate, _: None) -> str:
        whose = (call.hospital_id, message.institution_id)
        if await certificates_store.lock(tx, *whose, call.now) is None:
            raise InstitutionUnknown
        if not await certificates_store.remove(tx, *whose, message.fingerprint, call.now):
            raise ClientCertificateUnknown
        return message.institution_id

    async def _list(self, tx: Tx, call: Call, message: ask.ListInstitutions) -> ask.Institutions:
        return ask.Institutions(institutions=await self._every(tx, call))

    async def _show(self, tx: Tx, call: Call, _: str) -> ask.Institutions:
        self.institutions.forget()
        return ask.Institutions(institutions=await self._every(tx, call))

    async def _secret(self, tx: Tx, call: Call, institution_id: str) -> ask.InstitutionSecret:
        self.institutions.forget()
        every = await self._every(tx, call)
        found = next(each for each in every if each.institution_id == institution_id)
        return ask.InstitutionSecret(institution=found, secret=call.notes.get(_TOLD_ONCE, ""))

    async def _every(self, tx: Tx, call: Call) -> list[InstitutionView]:
        return await store.every(tx, call.hospital_id, day_began(call.now, self._zone), call.now)


def _read(pem: str) -> CertificateFacts:
    try:
        return facts_of(pem)
    except NotACertificate:
        raise ClientCertificateUnreadable from None


def _granted(names: list[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted(set(names)))
