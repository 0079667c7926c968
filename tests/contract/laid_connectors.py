"""Connectors as they are laid down, changed as tutorials or tests say, before their sandboxes."""

import asyncio
import re
import sys
from collections.abc import Callable
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

from yinyi.app.new_connector.lay_down import lay_down
from yinyi.conformance.kits import KITS
from yinyi.conformance.place import ground
from yinyi.conformance.run import Finding, played
from yinyi.kernel.far_side import FarDatabase
from yinyi.kernel.plugin import Plugin

TUTORIALS = Path(__file__).parents[2] / "docs" / "integrate"
BLOCK = re.compile(r"(?ms)^```(sh|diff)\n(.*?)^```$")
ADDITION = "\n## If "
"""Sections of a tutorial that make the connector better; the others make it worse, for once."""
_names = count(1)


def changed(path: Path, diff: str) -> str:
    """What was there before."""
    before = path.read_text(encoding="utf-8")
    gone, come = ("".join(line[1:] + "\n" for line in diff.splitlines() if line[0] == sign) for sign in "-+")
    if gone not in before:
        gone, come = gone.rstrip("\n"), come.rstrip("\n")
    assert before.count(gone) == 1, gone
    path.write_text(before.replace(gone, come), encoding="utf-8")
    return before


def file_of(text: str, at: int) -> str:
    """The file that the paragraph before a block names."""
    [file] = re.findall(r"`(\w+\.py)`", text[:at].rstrip().rsplit("\n\n", 1)[-1])
    return file


def with_additions(tutorial: str, source: Path) -> None:
    """Whatever the tutorial says that may be added to what was laid down is there."""
    text = (TUTORIALS / tutorial).read_text(encoding="utf-8").partition(ADDITION)[2]
    blocks = [each for each in BLOCK.finditer(text) if each[1] == "diff"]
    assert blocks, tutorial
    for block in blocks:
        changed(source / file_of(text, block.start()), block[2])


def brought(kind: str, folder: Path, tutorial: str = "") -> tuple[Plugin, Any]:
    """The connector and its sandbox; the folder's ``src`` has to be gone from the path again afterwards."""
    name = f"brought_{kind}_{next(_names)}"
    source = lay_down(kind, name, folder) / "src"
    if tutorial:
        with_additions(tutorial, source / name)
    sys.path.insert(0, str(source))
    return import_module(f"{name}.plugin").PLUGIN, import_module(f"{name}.sandbox").far_side


async def no_database() -> FarDatabase:
    raise AssertionError("none of these needs one")


def findings(folder: Path, plugin: Plugin, sandbox: Any, wanted: Callable[[str], bool]) -> dict[str, Finding]:
    """Of the behaviours whose names are wanted."""
    kit = KITS[plugin.kind]

    async def go() -> dict[str, Finding]:
        async with (
            ground(folder, no_database) as place,
            sandbox(place) as far,
            kit.on_stage(plugin, far, place) as (connector, stage),
        ):
            behaviours = [each for each in kit.behaviours() if wanted(each.name)]
            return {each.behaviour: each async for each in played(behaviours, connector, stage)}

    return asyncio.run(go())
