"""How connectors reach banks, wallets and insurance here: straight, or through the relay."""

from urllib.parse import urlsplit

from yinyi.app.errors import CannotStart
from yinyi.app.secret_files import secret
from yinyi.app.settings import Settings
from yinyi.kernel.plugin import RelayAddress


def address_of(settings: Settings) -> tuple[str, int]:
    """
    Raises:
        CannotStart: YINYI_RELAY is not host:port.
    """
    try:
        parts = urlsplit(f"//{settings.relay}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port or parts_besides(settings.relay):
        raise CannotStart("YINYI_RELAY must be host:port, such as 10.0.5.2:8443.")
    return host, port


def parts_besides(address: str) -> bool:
    """Whether there is more in it than host and port."""
    return any(mark in address for mark in "/@?# ")


def password_of(settings: Settings) -> str:
    """Both sides have it in ``secrets/relay``; made where it is not there yet."""
    return secret(settings.folder.secrets, "relay")


def relay_of(settings: Settings) -> RelayAddress | None:
    """None: connectors dial by themselves.

    Raises:
        CannotStart: see ``address_of``.
    """
    if not settings.relay:
        return None
    host, port = address_of(settings)
    return RelayAddress(host=host, port=port, password=password_of(settings))
