"""Which texts the interfaces use, and what the catalogue lacks or has too many of.

``python -m yinyi.interface.text.inventory`` prints both as ``.po`` entries.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from yinyi.interface.text.catalogue import read
from yinyi.interface.text.kept import Kept

INTERFACES = Path(__file__).parents[1]
CHINESE = Path(__file__).with_name("zh_CN.po")


def used(folder: Path = INTERFACES) -> dict[str, str]:
    """Every text with the file that says it first."""
    found: dict[str, str] = {}
    for file in sorted(folder.rglob("*.html")):
        for text in in_template(file.read_text(encoding="utf-8")):
            found.setdefault(text, file.name)
    for file in sorted(folder.rglob("*.py")):
        for text in _in_module(file.read_text(encoding="utf-8")):
            found.setdefault(text, file.name)
    return found


def in_template(source: str) -> Iterator[str]:
    for call in Environment(autoescape=True, extensions=[Kept]).parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in ("_", "_n"):
            yield from (str(argument.value) for argument in call.args if isinstance(argument, nodes.Const))


def _in_module(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))


def main() -> None:
    texts, sentences = used(), read(CHINESE)
    lines: list[str] = []
    for text, file in texts.items():
        if text not in sentences:
            lines.append(f'#: {file}\nmsgid "{_quoted(text)}"\nmsgstr ""\n')
    lines.extend(f'# not used any more\n#~ msgid "{_quoted(text)}"\n' for text in sentences if text not in texts)
    sys.stdout.write("\n".join(lines))


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


if __name__ == "__main__":
    main()
