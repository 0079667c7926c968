"""A hospital whose interface is FHIR R4."""

from yinyi.access.hospital.fhir.client import FhirClient
from yinyi.access.hospital.fhir.config import FhirConfig
from yinyi.access.hospital.trades.hospital import TRADES, TradesHospital
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings


def _build(config: FhirConfig, _: Surroundings) -> TradesHospital:
    client = FhirClient(config, TRADES)
    return TradesHospital(client, config.connect_timeout_s + config.call_timeout_s, config.cache_s)


PLUGIN = Plugin(name="fhir", kind="hospital", api=PLUGIN_API, config=FhirConfig, build=_build)
