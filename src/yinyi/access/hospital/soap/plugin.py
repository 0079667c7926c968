"""A hospital whose interface is web services: a method for each trade, or one for all with strings of XML."""

from pathlib import Path

from yinyi.access.hospital.soap import mapping
from yinyi.access.hospital.soap.client import SoapClient
from yinyi.access.hospital.soap.config import SoapConfig
from yinyi.access.hospital.trades.hospital import TRADES, TradesHospital
from yinyi.access.hospital.trades.names import load_names
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings


def _build(config: SoapConfig, around: Surroundings) -> TradesHospital:
    names = load_names(Path(config.mapping) if config.mapping else None, mapping.USUAL, TRADES)
    return TradesHospital(SoapClient(config, names, around.clock), config, around)


PLUGIN = Plugin(name="soap", kind="hospital", api=PLUGIN_API, config=SoapConfig, build=_build)
