"""What the staff says of institutions: who may ask what, how often, and with which secret."""

from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.institutions.errors import (
    ClientCertificateKnown,
    ClientCertificatesEnough,
    ClientCertificateUnknown,
    ClientCertificateUnreadable,
    InstitutionKnown,
    InstitutionUnknown,
    SecretsEnough,
)
from yinyi.business.institutions.model import PER_DAY, PER_MINUTE, Algorithm, InstitutionKind, InstitutionView

InstitutionId = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{1,30}[a-z0-9](?![\s\S])")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
OperationName = Annotated[str, msgspec.Meta(pattern=r"^[A-Z][A-Za-z]{2,63}(?![\s\S])")]
Granted = Annotated[list[OperationName], msgspec.Meta(max_length=300)] | None
PerMinute = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
PerDay = Annotated[int, msgspec.Meta(ge=1, le=1_000_000_000)]
Fingerprint = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])")]


class Institutions(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of their ids, closed ones behind the others."""

    institutions: list[InstitutionView]


class InstitutionSecret(msgspec.Struct, frozen=True, kw_only=True):
    """secret: told once, to whoever asked; empty when the same is asked again. A secret that was lost on the way is
    replaced, not looked up."""

    institution: InstitutionView
    secret: str = ""


@operation(callers=[Caller.STAFF])
class ListInstitutions(Operation[Institutions], frozen=True, kw_only=True):
    """Who may ask over a line of his own."""


@operation(callers=[Caller.STAFF], changes=True, errors=(InstitutionKnown,))
class AddInstitution(Operation[InstitutionSecret], frozen=True, kw_only=True):
    """Let an institution ask from now on. operations: None: all that its kind may. An id is never given twice."""

    institution_id: InstitutionId
    kind: InstitutionKind
    name: Name
    algorithm: Algorithm = "HMAC-SHA256"
    operations: Granted = None
    per_minute: PerMinute = PER_MINUTE
    per_day: PerDay = PER_DAY


@operation(callers=[Caller.STAFF], changes=True, errors=(InstitutionUnknown,))
class SetInstitution(Operation[Institutions], frozen=True, kw_only=True):
    """What an institution may ask from now on, and how often. Its kind stays."""

    institution_id: InstitutionId
    name: Name
    operations: Granted = None
    per_minute: PerMinute = PER_MINUTE
    per_day: PerDay = PER_DAY


@operation(callers=[Caller.STAFF], changes=True, errors=(InstitutionUnknown, SecretsEnough))
class ReplaceSecret(Operation[InstitutionSecret], frozen=True, kw_only=True):
    """A fresh secret for this algorithm. Those before it are good for some minutes more, so that nobody has to change
    over at one moment; 0: they are not, because somebody may have seen them."""

    institution_id: InstitutionId
    algorithm: Algorithm = "HMAC-SHA256"
    overlap_minutes: Annotated[int, msgspec.Meta(ge=0, le=60 * 24 * 31)] = 60 * 24


@operation(
    callers=[Caller.STAFF],
    changes=True,
    errors=(InstitutionUnknown, ClientCertificateUnreadable, ClientCertificateKnown, ClientCertificatesEnough),
)
class AddClientCertificate(Operation[Institutions], frozen=True, kw_only=True):
    """An institution connects with this certificate, in PEM, beside one that it has already until it is taken away.
    From now on one that it shows is its own, or nothing is heard. suffices: a request that comes with it, by REST or
    SOAP, needs no signature; whoever could break into the front-end machine could then ask in its name."""

    institution_id: InstitutionId
    certificate: Annotated[str, msgspec.Meta(min_length=1, max_length=20_000)]
    suffices: bool = False


@operation(callers=[Caller.STAFF], changes=True, errors=(InstitutionUnknown, ClientCertificateUnknown))
class RemoveClientCertificate(Operation[Institutions], frozen=True, kw_only=True):
    """Nothing is heard with this certificate any more."""

    institution_id: InstitutionId
    fingerprint: Fingerprint


@operation(callers=[Caller.STAFF], changes=True, errors=(InstitutionUnknown,))
class CloseInstitution(Operation[Institutions], frozen=True, kw_only=True):
    """It asks nothing any more, for good."""

    institution_id: InstitutionId
