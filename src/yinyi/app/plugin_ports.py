"""What a connector of each kind has to have, looked at before anybody relies on it."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Generic, Protocol, get_type_hints, runtime_checkable

from yinyi.app.errors import CannotStart
from yinyi.business.billing.ports import Bills
from yinyi.business.identity.ports import CertificateDecoder, FaceMatcher, PatientIndex
from yinyi.business.inpatient.ports import Inpatients
from yinyi.business.insurance.ports import InsuranceScheme
from yinyi.business.lines.key_ports import KeyStore
from yinyi.business.lines.session_ports import Acquirer
from yinyi.business.news.ports import Carries
from yinyi.business.payments.ports import ScansCode, ShowsCode, TakesPayment
from yinyi.business.reports.ports import Reports
from yinyi.business.scheduling.ports import Schedules
from yinyi.business.subscriptions.ports import Notifies
from yinyi.devices.device import Device
from yinyi.kernel.plugin import Plugin, PluginKind


@runtime_checkable
class HasAcquirers(Protocol):
    """A line to banks."""

    acquirers: Mapping[str, Acquirer]


PORTS: Mapping[PluginKind, tuple[tuple[type, ...], ...]] = {
    "hospital": ((PatientIndex,), (Schedules,), (Bills,), (Inpatients,), (Reports,)),
    "payment": ((TakesPayment,), (ShowsCode, ScansCode)),
    "line": ((HasAcquirers,),),
    "insurance": ((CertificateDecoder, InsuranceScheme),),
    "face": ((FaceMatcher,),),
    "keys": ((KeyStore,),),
    "notification": ((Notifies, Carries),),
    "device": ((Device,),),
}
"""Of each row one. A connector opts into more by having it."""
_PLAIN: Mapping[Any, tuple[type, ...]] = {str: (str,), float: (int, float), timedelta: (timedelta,)}


def require_ports(plugin: Plugin, connector: object) -> None:
    """
    Raises:
        CannotStart: it lacks something that its kind has to have.
    """
    for ports in PORTS[plugin.kind]:
        lacking = [list(_lacking(connector, port)) for port in ports]
        if all(lacking):
            nearest, lacks = min(zip(ports, lacking, strict=True), key=lambda each: len(each[1]))
            others = "".join(f", nor is it {each.__name__}" for each in ports if each is not nearest)
            raise CannotStart(
                f"The connector {plugin.name} cannot be used: as {nearest.__name__} "
                f"its {type(connector).__name__} lacks {', '.join(lacks)}{others}."
            )


def _lacking(connector: object, port: type) -> Iterable[str]:
    """The names that it does not have, or has as something else."""
    values = get_type_hints(port)
    for name in sorted(_names(port)):
        found = getattr(connector, name, None)
        if found is None or not (isinstance(found, _PLAIN.get(values[name], object)) if name in values else True):
            yield name


def _names(port: type) -> set[str]:
    bases = [each for each in port.__mro__ if each not in (object, Protocol, Generic)]
    return {name for each in bases for name in (*each.__annotations__, *vars(each)) if not name.startswith("_")}
