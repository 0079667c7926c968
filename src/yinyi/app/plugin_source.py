"""The code of an installed connector, read without running it."""

from collections.abc import Iterator
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from yinyi.app.plugins import GROUP
from yinyi.conformance.dialling import INSIDE, dials_in
from yinyi.conformance.run import Finding, Verdict
from yinyi.kernel.plugin import Plugin

SANDBOXES = "yinyi.sandboxes"
BEHAVIOUR = "it reaches out by nothing but the platform's way out"
ADVICE = "Dial by yinyi/access/way_out.py; what may be imported stands in yinyi/conformance/dialling.py."
_AT_HOME = ("hospital", "keys", "device")
"""The kinds that dial in the hospital's own network."""
_INSIDE = tuple(f"yinyi.access.{each}." for each in INSIDE)


def dialling(plugin: Plugin) -> Finding:
    """What is in its code that could dial by itself."""
    module, sandbox = _module(GROUP, plugin.name), _module(SANDBOXES, plugin.name)
    if plugin.kind in _AT_HOME or module.startswith(_INSIDE):
        return _found("not offered", "no way out: it stays in the hospital's network")
    own = module.partition(".")[0]
    seen = [
        f"{path.name}:{each}"
        for path, name in _sources(module.rpartition(".")[0] if own == "yinyi" else own)
        if not f"{name}.".startswith(f"{sandbox}.")
        for each in dials_in(path.read_text(encoding="utf-8"), own, sandbox)
    ]
    return _found("not", "; ".join(seen), ADVICE) if seen else _found("ok")


def _found(verdict: Verdict, seen: str = "", advice: str = "") -> Finding:
    return Finding(behaviour=BEHAVIOUR, ports=("way_out",), verdict=verdict, seen=seen, advice=advice)


def _module(group: str, name: str) -> str:
    """That an entry point names; empty: there is none."""
    found = entry_points(group=group, name=name)
    return next(iter(found)).value.partition(":")[0] if found else ""


def _sources(package: str) -> Iterator[tuple[Path, str]]:
    """Each file, and the module that it is."""
    spec = find_spec(package) if package else None
    if spec is None:
        return
    for folder in map(Path, spec.submodule_search_locations or ()):
        for path in sorted(folder.rglob("*.py")):
            inner = path.relative_to(folder).with_suffix("").parts
            yield path, ".".join((package, *inner)).removesuffix(".__init__")
    if not spec.submodule_search_locations and spec.origin:
        yield Path(spec.origin), package
