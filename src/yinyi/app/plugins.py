"""Connectors are found through entry points and loaded by their configured name; a broken one is named."""

from importlib.metadata import entry_points
from typing import Any

import msgspec
import structlog

from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.settings import connector_settings
from yinyi.kernel.plugin import PLUGIN_API, Plugin, PluginKind, Surroundings

log = structlog.get_logger()

GROUP = "yinyi.plugins"


def load_plugin(name: str, kind: PluginKind) -> Plugin:
    """
    Raises:
        CannotStart: there is none of this name and kind, it is made for another release, or it cannot be loaded.
    """
    found = [each for each in entry_points(group=GROUP) if each.name == name]
    if not found:
        known = ", ".join(sorted(each.name for each in entry_points(group=GROUP)))
        raise CannotStart(f"There is no connector {name}; known are {known}.")
    try:
        plugin = found[0].load()
    except Exception as error:
        raise CannotStart(f"The connector {name} cannot be loaded: {error}.") from error
    if not isinstance(plugin, Plugin) or plugin.kind != kind or plugin.api != PLUGIN_API:
        raise CannotStart(f"The connector {name} is not a {kind} connector of API {PLUGIN_API}.")
    return plugin


def build_plugin(name: str, kind: PluginKind, folder: DataFolder, surroundings: Surroundings) -> tuple[Any, Any]:
    """The connector and its settings.

    Raises:
        CannotStart: see ``load_plugin``; or its settings are missing or wrong.
    """
    plugin = load_plugin(name, kind)
    config: msgspec.Struct = connector_settings(folder, name, plugin.config)
    try:
        return plugin.build(config, surroundings), config
    except ValueError as error:
        raise CannotStart(f"The connector {name} cannot be used: {error}.") from error
