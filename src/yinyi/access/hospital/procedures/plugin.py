"""A hospital whose interface is stored procedures of PostgreSQL."""

from yinyi.access.hospital.procedures import mapping
from yinyi.access.hospital.procedures.client import ProcedureClient
from yinyi.access.hospital.procedures.config import ProceduresConfig
from yinyi.access.hospital.trades.hospital import TradesHospital
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings


def _build(config: ProceduresConfig, around: Surroundings) -> TradesHospital:
    return TradesHospital(ProcedureClient(config, mapping.names(config.mapping)), config, around)


PLUGIN = Plugin(name="procedures", kind="hospital", api=PLUGIN_API, config=ProceduresConfig, build=_build)
