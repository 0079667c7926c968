"""What a plugin declares of itself: one value, found through the entry-point group ``yinyi.plugins``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import msgspec

from yinyi.kernel.clock import Clock
from yinyi.kernel.means import PaymentMeans
from yinyi.kernel.turns import MakeTurns, turns_of_one_process

PluginKind = Literal["hospital", "payment", "line", "insurance", "face", "keys", "notification", "device"]

PLUGIN_API = 1
RELAY_USER = "yinyi"
"""Who asks the relay."""


@dataclass(frozen=True)
class RelayAddress:
    """The only way out to banks, wallets and insurance, where there is one (``yinyi relay``)."""

    host: str
    port: int
    password: str = field(repr=False)


@dataclass(frozen=True)
class Surroundings:
    """What a plugin is given besides its own settings."""

    clock: Clock
    callback_url: str
    """Where the other side reaches us for this plugin, for example ``http://host/callbacks/wechatpay``."""
    secrets: Path = Path()
    """For a key store: the folder in which this platform keeps its own."""
    master_keys: Mapping[int, bytearray] = field(default_factory=dict[int, bytearray], repr=False)
    """For a key store: what was given in place of files, by number."""
    turns: MakeTurns = turns_of_one_process
    """For a connector to the hospital: where it gets its turns, each of which is one call."""
    relay: RelayAddress | None = None
    """For whoever dials out of the hospital's network, which is not dialled by himself then; see ``access.way_out``."""


@dataclass(frozen=True)
class Plugin:
    """A connector. ``build`` makes the object that implements the ports; it must not touch the network yet."""

    name: str
    kind: PluginKind
    api: int
    config: type[msgspec.Struct]
    build: Callable[[Any, Surroundings], Any]
    """``build(settings, surroundings)``: the object may have ``async start()`` and ``async stop()``."""
    means: PaymentMeans | None = None
    """Of a payment connector: what its payers call it, and how much it takes."""
