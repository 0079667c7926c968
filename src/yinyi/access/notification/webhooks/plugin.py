"""Institutions are told at a web address of their own (webhooks)."""

import ssl

import aiohttp

from yinyi.access.notification.webhooks.client import Client
from yinyi.access.notification.webhooks.config import WebhooksConfig
from yinyi.business.subscriptions.model import Headers
from yinyi.kernel.plugin import PLUGIN_API, Plugin, RelayAddress, Surroundings


class Webhooks:
    """Implements ``Notifies``."""

    def __init__(self, config: WebhooksConfig, trusted: ssl.SSLContext, relay: RelayAddress | None) -> None:
        self._client = Client(config, trusted, relay)

    async def stop(self) -> None:
        await self._client.stop()

    async def notify(self, endpoint: str, headers: Headers, content: bytes) -> str:
        try:
            status = await self._client.post(endpoint, headers, content)
        except TimeoutError:
            return "no answer in time"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return type(error).__name__
        return "" if 200 <= status < 300 else f"status {status}"


def _build(config: WebhooksConfig, surroundings: Surroundings) -> Webhooks:
    try:
        trusted = ssl.create_default_context(cafile=config.ca_file or None)
    except OSError as error:
        raise ValueError(f"ca_file cannot be read: {error.strerror or error}") from error
    return Webhooks(config, trusted, None if config.inside else surroundings.relay)


PLUGIN = Plugin(name="webhooks", kind="notification", api=PLUGIN_API, config=WebhooksConfig, build=_build)
