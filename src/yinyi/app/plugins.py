"""Connectors are found through entry points and loaded by their configured name; a broken one is named, and keeps
nothing from starting that does not need it."""

import asyncio
from contextlib import AsyncExitStack
from importlib.metadata import EntryPoint, entry_points
from typing import Any, get_args

import msgspec

from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.news_senders import HL7
from yinyi.app.plugin_code import begin, guarded, place_of
from yinyi.app.plugin_ports import require_ports
from yinyi.app.settings import connector_settings, has_settings, names_with_settings
from yinyi.kernel.plugin import PLUGIN_API, Plugin, PluginKind, Surroundings

GROUP = "yinyi.plugins"
LEFT_OUT: tuple[PluginKind, ...] = ("payment", "insurance")
"""The kinds of which one that is broken may be left out; every process of the platform starts one of its own."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A connector that is installed. ``package``: which brought it. ``settings``: whether somebody has written any.
    ``trouble``: why it cannot be used, a sentence."""

    name: str
    package: str
    kind: str = ""
    settings: bool = False
    trouble: str = ""


def known_plugins(folder: DataFolder, surroundings: Surroundings) -> list[Known]:
    """All that are installed, each looked at by itself; those with settings are built, too, and started for a moment
    where one that does not start would be left out. And those that have settings and are not installed: any more, or
    under this name."""
    known = [_looked_at(found, folder, surroundings) for found in sorted(entry_points(group=GROUP), key=_order)]
    missing = not_installed(folder).items()
    return [*known, *(Known(name=name, package="", settings=True, trouble=why) for name, why in missing)]


def not_installed(folder: DataFolder) -> dict[str, str]:
    """By the names of connectors that people have written settings for: a sentence."""
    missing = names_with_settings(folder) - {HL7} - {each.name for each in entry_points(group=GROUP)}
    return {name: f"It has settings, and no connector {name} is installed." for name in sorted(missing)}


def find_plugin(name: str) -> Plugin:
    """
    Raises:
        CannotStart: there is none, or two packages bring one, it cannot be loaded, or it is made for another release.
    """
    found = [each for each in entry_points(group=GROUP) if each.name == name]
    if not found:
        known = ", ".join(sorted({each.name for each in entry_points(group=GROUP)}))
        raise CannotStart(f"There is no connector {name}; known are {known}.")
    if len({each.value for each in found}) > 1:
        packages = " and ".join(sorted(_package(each) for each in found))
        raise CannotStart(f"There is more than one connector {name}: {packages} bring one each.")
    return _loaded(found[0])


def load_plugin(name: str, kind: PluginKind) -> Plugin:
    """
    Raises:
        CannotStart: see ``find_plugin``; or it is of another kind.
    """
    plugin = find_plugin(name)
    if plugin.kind != kind:
        raise CannotStart(f"The connector {name} is a {plugin.kind} connector, not a {kind} connector.")
    return plugin


def build_plugin(name: str, kind: PluginKind, folder: DataFolder, surroundings: Surroundings) -> tuple[Any, Any]:
    """The connector and its settings.

    Raises:
        CannotStart: see ``load_plugin``; or its settings are missing or wrong, or it cannot be built from them.
    """
    return _built(load_plugin(name, kind), folder, surroundings)


def _built(plugin: Plugin, folder: DataFolder, surroundings: Surroundings) -> tuple[Any, Any]:
    config: msgspec.Struct = connector_settings(folder, plugin.name, plugin.config)
    return whole(plugin, config, surroundings), config


def whole(plugin: Plugin, config: Any, surroundings: Surroundings) -> Any:
    """The connector, with everything that its kind has to have.

    Raises:
        CannotStart: it cannot be built, or lacks something.
    """

    def build() -> Any:
        connector = plugin.build(config, surroundings)
        require_ports(plugin, connector)
        return connector

    return guarded(plugin.name, build)


async def started_once(name: str, connector: Any) -> None:
    """Started as a business process would, and stopped.

    Raises:
        CannotStart: it does not start.
    """
    async with AsyncExitStack() as stack:
        await begin(stack, name, connector)


def _loaded(found: EntryPoint) -> Plugin:
    try:
        plugin: object = found.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        words = f"{type(error).__name__}: {error}".rstrip(". ")
        raise CannotStart(
            f"The connector {found.name} of {_package(found)} cannot be loaded ({words}{place_of(error)})."
        ) from error
    if not isinstance(plugin, Plugin):
        raise CannotStart(f"The connector {found.name} of {_package(found)} is none: {found.value} is not a Plugin.")
    if plugin.api != PLUGIN_API:
        raise CannotStart(
            f"The connector {found.name} of {_package(found)} is made for API {plugin.api}; this release has API "
            f"{PLUGIN_API}."
        )
    if plugin.name != found.name:
        raise CannotStart(f"The connector {found.name} of {_package(found)} calls itself {plugin.name}.")
    if wrong := _wrong_in(plugin):
        raise CannotStart(f"The connector {found.name} of {_package(found)} cannot be used: {wrong}.")
    return plugin


def _wrong_in(plugin: Plugin) -> str:
    """What it declares that nothing can be made of; empty: nothing."""
    if plugin.kind not in get_args(PluginKind):
        return f"its kind is {plugin.kind}, which is none of {', '.join(get_args(PluginKind))}"
    config: Any = plugin.config
    if not (isinstance(config, type) and issubclass(config, msgspec.Struct)):
        return "its config is not a msgspec.Struct"
    return "" if callable(plugin.build) else "its build cannot be called"


def _looked_at(found: EntryPoint, folder: DataFolder, surroundings: Surroundings) -> Known:
    known = Known(name=found.name, package=_package(found), settings=has_settings(folder, found.name))
    try:
        plugin = find_plugin(found.name)
        known = msgspec.structs.replace(known, kind=plugin.kind)
        if known.settings:
            connector, _ = _built(plugin, folder, surroundings)
            if plugin.kind in LEFT_OUT:
                asyncio.run(started_once(plugin.name, connector))
    except CannotStart as why:
        return msgspec.structs.replace(known, trouble=str(why))
    return known


def _package(found: EntryPoint) -> str:
    return found.dist.name if found.dist else "an unknown package"


def _order(found: EntryPoint) -> tuple[str, str]:
    return found.name, _package(found)
