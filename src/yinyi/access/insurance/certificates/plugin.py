"""The decoder of insurance codes (医保电子凭证解码): whose code was held under a scanner."""

from yinyi.access.insurance.certificates import mapping
from yinyi.access.insurance.certificates.client import Client
from yinyi.access.insurance.certificates.config import CertificatesConfig
from yinyi.business.identity.model import CertificateHolder, CertificateRefused
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings


class Certificates:
    """Implements ``CertificateDecoder``."""

    def __init__(self, config: CertificatesConfig) -> None:
        self._config = config
        self._client = Client(config)

    async def stop(self) -> None:
        await self._client.stop()

    async def decode(self, code: str) -> CertificateHolder | CertificateRefused:
        return mapping.answer(self._config, await self._client.ask(mapping.question(self._config, code)))


def _build(config: CertificatesConfig, _: Surroundings) -> Certificates:
    if not config.decoder_url.startswith(("http://", "https://")):
        raise ValueError("decoder_url must begin with https:// or http://")
    return Certificates(config)


PLUGIN = Plugin(name="certificates", kind="insurance", api=PLUGIN_API, config=CertificatesConfig, build=_build)
