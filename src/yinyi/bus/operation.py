"""Operations: what anyone can ask of the platform, defined once.

An operation is a frozen Struct (the request) that names its reply type. ``@operation`` declares the rest: who may
call it, whether it changes something, whether it moves money, and the errors it can end in. Bus subjects, permissions
and documents are derived from here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Literal, TypeVar, get_args

import msgspec
from typing_extensions import get_original_bases

from yinyi.kernel.errors import PersonTriesSpent, PersonUnproven, ServiceClosed, YinyiError

R_co = TypeVar("R_co", covariant=True)
O_ = TypeVar("O_", bound="type[Operation[Any]]")


class Caller(StrEnum):
    """Who may call: the value is also the name of the interface's account on the bus."""

    KIOSK = "kiosk"
    MOBILE = "mobile"
    INSTITUTION = "institution"
    HOSPITAL = "hospital"
    STAFF = "console"
    TERMINAL = "terminal"
    CALLBACKS = "callbacks"
    NEWS = "hl7"
    ANYBODY = "verify"
    """Whoever holds a paper: nothing but its own code is shown."""


VOUCHED = (Caller.HOSPITAL, Caller.INSTITUTION)
"""Their connections may end within TLS, under an account that may say whose certificate was shown."""
_VOUCHES = "-tls"


def vouching(caller: Caller) -> str:
    """The account of the interfaces that end TLS for this caller: it says whose certificate was shown."""
    return caller.value + _VOUCHES


def called_by(account: str) -> tuple[Caller, bool]:
    """Whose account it is, and whether it vouches for certificates.

    Raises:
        ValueError: nobody's.
    """
    caller = Caller(account.removesuffix(_VOUCHES))
    vouches = account != caller.value
    if vouches and caller not in VOUCHED:
        raise ValueError(account)
    return caller, vouches


UNPROVEN: tuple[type[YinyiError], ...] = (PersonUnproven, PersonTriesSpent)
"""What every operation ends in that a person has to ask, where nobody has proved that he is there."""

OpenedBy = Literal["form", "specimen", "booking"]
"""What opens a session that is good for it alone: a request form, a tube, the slip of a booking."""


class Operation(
    msgspec.Struct, Generic[R_co], frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A request. Subclass as ``class GetThing(Operation[Thing], frozen=True, kw_only=True)``."""


@dataclass(frozen=True)
class OperationSpec:
    """What is declared of one operation.

    needs_patient: a patient's session (or an institution acting for a patient) has to travel with it.
    opened_by: a session will do that one of these has opened and that is good for it alone.
    service: what of a terminal's services it begins or shows; empty: it belongs to none, or to what is under way.
    changes: needs an idempotency key. money: starts or changes a money plan.
    of_line: it is about the line on which it comes; only interfaces with lines serve it.
    by_person: an account cannot ask it alone; who sits there has to prove who he is.
    """

    request: type[Operation[Any]]
    reply: Any
    domain: str
    name: str
    version: int
    callers: frozenset[Caller]
    needs_patient: bool
    changes: bool
    money: bool
    errors: tuple[type[YinyiError], ...]
    opened_by: frozenset[OpenedBy] = frozenset()
    service: str = ""
    of_line: bool = False
    by_person: bool = False

    @property
    def path(self) -> str:
        """``scheduling.ListDepartments.v1``."""
        return f"{self.domain}.{self.name}.v{self.version}"

    def subject(self, account: str) -> str:
        """The bus subject on which this account asks: ``op.kiosk.scheduling.ListDepartments.v1``."""
        return f"op.{account}.{self.path}"


_by_type: dict[type[Any], OperationSpec] = {}
_by_path: dict[str, OperationSpec] = {}


def operation(
    *,
    callers: Iterable[Caller],
    needs_patient: bool = False,
    opened_by: tuple[OpenedBy, ...] = (),
    service: str = "",
    changes: bool = False,
    money: bool = False,
    errors: tuple[type[YinyiError], ...] = (),
    of_line: bool = False,
    by_person: bool = False,
    version: int = 1,
) -> Callable[[O_], O_]:
    """Declare an operation. Its domain is the folder its ``messages`` module stands in."""

    def declare(request: O_) -> O_:
        bases: tuple[Any, ...] = get_original_bases(request)
        spec = OperationSpec(
            request=request,
            reply=get_args(bases[0])[0],
            domain=request.__module__.split(".")[-2],
            name=request.__name__,
            version=version,
            callers=frozenset(callers),
            needs_patient=needs_patient,
            changes=changes or money,
            money=money,
            errors=(*errors, *([ServiceClosed] if service else []), *(UNPROVEN if by_person else [])),
            opened_by=frozenset(opened_by),
            service=service,
            of_line=of_line,
            by_person=by_person,
        )
        if spec.path in _by_path:
            raise ValueError(f"operation {spec.path} is declared twice")
        _by_type[request] = spec
        _by_path[spec.path] = spec
        return request

    return declare


def spec_of(request: type[Operation[Any]]) -> OperationSpec:
    return _by_type[request]


def spec_at(path: str) -> OperationSpec | None:
    return _by_path.get(path)


def every_operation() -> list[OperationSpec]:
    """All that are declared, in the order of their paths."""
    return [_by_path[path] for path in sorted(_by_path)]
