"""A hospital whose interface is stored procedures, of whichever database."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from yinyi.access.hospital.procedures import mapping
from yinyi.access.hospital.procedures.client import ProcedureClient
from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.procedures.driver import Driver
from yinyi.access.hospital.procedures.drivers.mariadb import MariaDb
from yinyi.access.hospital.procedures.drivers.oracle import Oracle
from yinyi.access.hospital.procedures.drivers.sqlserver import SqlServer
from yinyi.access.hospital.procedures.threads import ThreadedClient
from yinyi.access.hospital.trades.hospital import TradesHospital
from yinyi.access.hospital.trades.trade import Carrier
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings

DRIVERS: Mapping[str, Callable[[str, float, float], Driver]] = {
    "mariadb": MariaDb,
    "mysql": MariaDb,
    "oracle": Oracle,
    "sqlserver": SqlServer,
}
"""By the scheme of the URL; each is given it, and how long a connection and a call may take."""


def _build(config: ProceduresConfig, around: Surroundings) -> TradesHospital:
    return TradesHospital(_carrier(config), config, around)


def _carrier(config: ProceduresConfig) -> Carrier:
    scheme = urlsplit(config.url).scheme
    if scheme in ("postgresql", "postgres"):
        return ProcedureClient(config, mapping.names(config.mapping))
    if scheme not in DRIVERS:
        raise ValueError(f"no driver for {scheme}; there are postgresql, {', '.join(DRIVERS)}")
    driver = DRIVERS[scheme](config.url, config.connect_timeout_s, config.call_timeout_s)
    return ThreadedClient(config, mapping.names_elsewhere(config.mapping), driver)


PLUGIN = Plugin(name="procedures", kind="hospital", api=PLUGIN_API, config=ProceduresConfig, build=_build)
