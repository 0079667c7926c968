"""The command line. Every file in ``commands/`` is a command; only the one that was asked for is imported."""

import ast
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

from yinyi.app.errors import CannotStart
from yinyi.app.master_key import take_master_key
from yinyi.kernel.ready import tell_failed

CHAPTERS = ("Run", "Processes", "Connectors", "Operate", "Develop")
"""In this order in `yinyi --help`. A command's docstring begins with its chapter: ``Run: everything on …``."""


def main() -> None:
    """Exit code 1 and one sentence when something cannot be started, 2 when the command line is mistyped."""
    take_master_key()
    wanted = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    try:
        application(wanted)()
    except CannotStart as problem:
        tell_failed(str(problem))
        sys.stderr.write(f"{problem}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def application(wanted: str) -> typer.Typer:
    """All commands by name and summary, the wanted one with its code."""
    app = typer.Typer(
        callback=_whole,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for chapter, name, summary in contents():
        code = _code_of(name) if name == wanted else _never_called
        app.command(name, short_help=summary, rich_help_panel=chapter)(code)
    return app


def contents() -> list[tuple[str, str, str]]:
    """(chapter, command, summary), in the order of the help; read from the files' docstrings without importing them.

    Raises:
        ValueError: a file's docstring names no chapter.
    """
    rows: list[tuple[str, str, str]] = []
    for path in (Path(__file__).parent / "commands").glob("[a-z]*.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        chapter, _, summary = docstring.partition("\n")[0].partition(": ")
        if chapter not in CHAPTERS or not summary:
            raise ValueError(f"{path.name}: the docstring begins with one of {CHAPTERS} and a colon")
        rows.append((chapter, path.stem.replace("_", "-"), summary[0].upper() + summary[1:]))
    return sorted(rows, key=lambda row: (CHAPTERS.index(row[0]), row[1]))


def _code_of(name: str) -> Callable[..., Any]:
    return import_module(f"yinyi.app.commands.{name.replace('-', '_')}").command


def _whole() -> None:
    """Yinyi (银医): the self-service and payment platform of a hospital. Settings are YINYI_… variables."""


def _never_called() -> None:
    """Stands in for a command that was not asked for."""
