"""The way onto the bus, without anything of the business: interfaces start by it."""

from yinyi.app.errors import CannotStart
from yinyi.app.secret_files import secret
from yinyi.app.settings import Settings
from yinyi.bus.transport import NatsTransport, connect


async def connect_bus(settings: Settings, account: str) -> NatsTransport:
    """
    Raises:
        CannotStart: it does not answer, or refuses us.
    """
    try:
        return await connect(settings.nats_url, account, secret(settings.folder.secrets, f"nats-{account}"))
    except Exception as error:
        raise CannotStart(f"The bus does not let {account} in: {error or type(error).__name__}.") from error
