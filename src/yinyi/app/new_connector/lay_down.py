"""Lays down a new connector from the templates beside this file."""

import keyword
import re
import sys
from importlib.metadata import entry_points
from pathlib import Path
from string import Template

from yinyi.app.errors import CannotStart
from yinyi.app.plugins import GROUP

KINDS = ("hospital", "payment", "insurance", "scheme", "face", "device")
_NAME = re.compile(r"[a-z][a-z0-9_]{1,30}")
_IMPORTS = re.compile(r"(?m)(^from .+\n)+")
_TEMPLATES = Path(__file__).parent


def lay_down(kind: str, name: str, into: Path) -> Path:
    """The folder that was made.

    Raises:
        CannotStart: there is no template of this kind, the name cannot be one, or the folder is there already.
    """
    if kind not in KINDS:
        raise CannotStart(f"There are templates for {', '.join(KINDS)} connectors, not for {kind!r}.")
    if not _NAME.fullmatch(name) or keyword.iskeyword(name):
        raise CannotStart(f"A connector's name is 2 to 31 small letters, digits and _, not {name!r}.")
    if name in {each.name for each in entry_points(group=GROUP)}:
        raise CannotStart(f"There is a connector {name} already.")
    if _is_taken(name):
        raise CannotStart(f"There is a Python package {name} already, which would be found instead.")
    folder = into / name
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        raise CannotStart(f"{folder} is there already.") from None
    except OSError as error:
        raise CannotStart(f"{folder} cannot be made: {error.strerror}.") from error
    for path, text in files(kind, name).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def _is_taken(name: str) -> bool:
    """Whoever imports it finds something else; ``src`` and ``tests`` are where a connector's own files lie."""
    found = (finder.find_spec(name, None) for finder in sys.meta_path)
    return name in ("src", "tests") or any(each is not None and each.origin is not None for each in found)


def files(kind: str, name: str) -> dict[str, str]:
    """By their paths in the connector's folder."""
    made = {f"src/{name}/__init__.py": ""}
    for template in sorted((_TEMPLATES / kind).glob("*.in")):
        plain = template.name.removesuffix(".in")
        places = {"pyproject.toml": plain, "test.py": f"tests/test_{name}.py"}
        text = Template(template.read_text(encoding="utf-8")).substitute(name=name)
        made[places.get(plain, f"src/{name}/{plain}")] = _IMPORTS.sub(_in_order, text)
    return made


def _in_order(imports: re.Match[str]) -> str:
    """Where its own name comes in the alphabet is known only now."""
    return "".join(sorted(imports[0].splitlines(keepends=True)))
