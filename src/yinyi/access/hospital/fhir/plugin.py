"""A hospital whose interface is FHIR R4."""

from yinyi.access.hospital.fhir.client import FhirClient
from yinyi.access.hospital.fhir.config import FhirConfig
from yinyi.access.hospital.trades.hospital import TRADES, TradesHospital
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings


def _build(config: FhirConfig, around: Surroundings) -> TradesHospital:
    return TradesHospital(FhirClient(config, TRADES), config, around)


PLUGIN = Plugin(name="fhir", kind="hospital", api=PLUGIN_API, config=FhirConfig, build=_build)
