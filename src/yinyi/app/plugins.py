"""Connectors are found through entry points and loaded by their configured name; a broken one is named, and keeps
nothing from starting that does not need it."""

import re
import traceback
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import msgspec

from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.news_senders import HL7
from yinyi.app.settings import connector_settings, has_settings, names_with_settings
from yinyi.kernel.plugin import PLUGIN_API, Plugin, PluginKind, Surroundings

GROUP = "yinyi.plugins"
_OURS = re.compile(rf"importlib|{re.escape(__file__)}")
"""What stands between us and the code of a connector."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A connector that is installed. ``package``: which brought it. ``settings``: whether somebody has written any.
    ``trouble``: why it cannot be used, a sentence."""

    name: str
    package: str
    kind: str = ""
    settings: bool = False
    trouble: str = ""


def known_plugins(folder: DataFolder, surroundings: Surroundings) -> list[Known]:
    """All that are installed, each looked at by itself; those with settings are built, too. And those that have
    settings and are not installed: any more, or under this name."""
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
    try:
        return plugin.build(config, surroundings), config
    except ValueError as error:
        raise CannotStart(f"The connector {plugin.name} cannot be used: {error}.") from error
    except Exception as error:
        what = f"{type(error).__name__}{_place(error)}"  # whatever it says may quote a secret
        raise CannotStart(f"The connector {plugin.name} cannot be used: its code fails with {what}.") from error


def _loaded(found: EntryPoint) -> Plugin:
    try:
        plugin: object = found.load()
    except (Exception, SystemExit) as error:
        words = f"{type(error).__name__}: {error}".rstrip(". ")
        raise CannotStart(
            f"The connector {found.name} of {_package(found)} cannot be loaded ({words}{_place(error)})."
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
    return plugin


def _looked_at(found: EntryPoint, folder: DataFolder, surroundings: Surroundings) -> Known:
    known = Known(name=found.name, package=_package(found), settings=has_settings(folder, found.name))
    try:
        plugin = find_plugin(found.name)
        known = msgspec.structs.replace(known, kind=plugin.kind)
        if known.settings:
            _built(plugin, folder, surroundings)
    except CannotStart as why:
        return msgspec.structs.replace(known, trouble=str(why))
    return known


def _place(error: BaseException) -> str:
    """Where in its code it was raised: ``, at acme/plugin.py:12``."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not _OURS.search(each.filename)]
    return f", at {'/'.join(Path(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}" if frames else ""


def _package(found: EntryPoint) -> str:
    return found.dist.name if found.dist else "an unknown package"


def _order(found: EntryPoint) -> tuple[str, str]:
    return found.name, _package(found)
