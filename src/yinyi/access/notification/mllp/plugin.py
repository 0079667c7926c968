"""Systems of the hospital are told by HL7 over MLLP."""

from yinyi.access.notification.mllp.client import exchange
from yinyi.access.notification.mllp.config import MllpConfig
from yinyi.access.notification.mllp.mapping import message
from yinyi.bus.guard import assert_no_transaction
from yinyi.business.news.bulletin_model import Bulletin, Carried, Wants
from yinyi.kernel.plugin import PLUGIN_API, Plugin, Surroundings
from yinyi.wire.hl7.answers import heard
from yinyi.wire.hl7.charset import encoded
from yinyi.wire.hl7.codec import written
from yinyi.wire.hl7.errors import Hl7Error
from yinyi.wire.hl7.framing import framed


class Mllp:
    """Implements ``Carries``."""

    def __init__(self, config: MllpConfig) -> None:
        self._config = config
        self._receivers = {each.name: each for each in config.receivers}

    @property
    def wants(self) -> Wants:
        return {name: frozenset(each.wants) for name, each in self._receivers.items()}

    async def carry(self, receiver: str, bulletin: Bulletin) -> Carried:
        assert_no_transaction()
        to = self._receivers[receiver]
        data = framed(encoded(written(message(bulletin, to, self._config)), to.charset))
        try:
            answer = heard(await exchange(to, data, self._config.call_timeout_s), bulletin.control_id, to.charset)
        except (OSError, EOFError, TimeoutError, Hl7Error) as error:
            return Carried("away", type(error).__name__)
        return (
            Carried("taken") if answer.code == "AA" else Carried("refused", f"{answer.code} {answer.problem}".strip())
        )


def _build(config: MllpConfig, _: Surroundings) -> Mllp:
    names = [each.name for each in config.receivers]
    if len(set(names)) < len(names):
        raise ValueError("two receivers of one name")
    return Mllp(config)


PLUGIN = Plugin(name="mllp", kind="notification", api=PLUGIN_API, config=MllpConfig, build=_build)
