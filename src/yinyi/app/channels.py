"""Which connectors this hospital has: those that somebody has written settings for. Channels of payment may be many."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from importlib.metadata import entry_points
from typing import Any, TypeVar, cast

import structlog

from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.plugin_code import begin
from yinyi.app.plugins import GROUP, find_plugin, not_installed
from yinyi.app.settings import has_settings
from yinyi.business.identity.ports import CertificateDecoder
from yinyi.business.payments.model import HOUSE_TENDERS
from yinyi.kernel.means import PaymentMeans, is_tender, plain
from yinyi.kernel.plugin import Plugin, PluginKind

T = TypeVar("T")
Build = Callable[[str, PluginKind], tuple[Any, Any]]
"""``build(name, kind)``: a connector and its settings."""
log = structlog.get_logger()

HOUSE_CHANNELS = ("wechatpay", "alipay")
"""Offered first, in this order; pages have words of them."""


def channels_of(folder: DataFolder) -> dict[str, PaymentMeans | None]:
    """By their names, in the order in which they are offered; None: pages have words of it. Without any, the first one
    of the house, so that its settings are missed.

    Raises:
        CannotStart: a channel has the name of another means of payment.
    """
    for name, why in not_installed(folder).items():
        log.error("plugin.missing", name=name, why=why)
    names = {each.name for each in entry_points(group=GROUP)}
    others = (each for each in sorted(names.difference(HOUSE_CHANNELS)) if has_settings(folder, each))
    found: dict[str, PaymentMeans | None] = {name: None for name in HOUSE_CHANNELS if has_settings(folder, name)}
    for plugin in filter(None, map(_whole, others)):
        if plugin.kind == "payment":
            found[plugin.name] = _means(plugin)
    return found or {HOUSE_CHANNELS[0]: None}


def only_one(folder: DataFolder, kind: PluginKind) -> str:
    """The connector of this kind that has settings; empty: none has.

    Raises:
        CannotStart: several have.
    """
    names = sorted({each.name for each in entry_points(group=GROUP)})
    plugins = filter(None, (_whole(name) for name in names if has_settings(folder, name)))
    found = [each.name for each in plugins if each.kind == kind]
    if len(found) > 1:
        raise CannotStart(f"Only one {kind} connector can have settings; these have: {', '.join(found)}.")
    return found[0] if found else ""


def unless_broken(name: str, build: Callable[[], T]) -> T | None:
    """None: it is broken, which is told and keeps nobody else from starting. If it was a channel, and payments by it
    are under way, the payments say so."""
    try:
        return build()
    except CannotStart as why:
        _tell(name, why)
        return None


async def begin_unless_broken(stack: AsyncExitStack, name: str, connector: Any) -> bool:
    """False: it does not start, which is told; see ``unless_broken``.

    Raises:
        CannotStart: it is one of the house's.
    """
    try:
        await begin(stack, name, connector)
    except CannotStart as why:
        if name in HOUSE_CHANNELS:
            raise
        _tell(name, why)
        return False
    return True


def _tell(name: str, why: CannotStart) -> None:
    log.error("plugin.broken", name=name, why=str(why))


def channel_of(name: str, build: Build) -> tuple[Any, Mapping[str, object]] | None:
    """The connector, and its merchants by scope. One of the house has to be whole; another one that is broken is left
    out.

    Raises:
        CannotStart: one of the house's is broken.
    """

    def whole() -> tuple[Any, Mapping[str, object]]:
        connector, config = build(name, "payment")
        return connector, merchants_of(name, config)

    return whole() if name in HOUSE_CHANNELS else unless_broken(name, whole)


def decoder_of(name: str, build: Build) -> CertificateDecoder | None:
    """None: there is none that can be used."""
    return unless_broken(name, lambda: as_decoder(name, build(name, "insurance")[0])) if name else None


def as_decoder(name: str, connector: object) -> CertificateDecoder:
    """
    Raises:
        CannotStart: it is a scheme, which no plan of this release asks.
    """
    if not isinstance(connector, CertificateDecoder):
        raise CannotStart(
            f"The connector {name} decodes no insurance certificates, and nothing in this release asks it for more: "
            f"move plugins/{name}.json out of the way."
        )
    return connector


def merchants_of(name: str, config: Any) -> Mapping[str, object]:
    """By scope.

    Raises:
        CannotStart: its settings have none.
    """
    merchants: object = getattr(config, "merchants", None)
    if not isinstance(merchants, Mapping):
        raise CannotStart(f"The settings of the connector {name} have no merchants by scope.")
    return cast(Mapping[str, object], merchants)


def _whole(name: str) -> Plugin | None:
    return unless_broken(name, lambda: find_plugin(name))


def _means(plugin: Plugin) -> PaymentMeans:
    name = plugin.name
    if name in HOUSE_TENDERS or not is_tender(name):
        raise CannotStart(f"No channel of payment can be called {name}: other means of payment are, or none can be.")
    return plugin.means or plain(name)
