"""Develop: write the generated pages of docs/ anew."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from yinyi.app.describe import pages


def command(
    folder: Annotated[Path, typer.Argument(help="where they go")] = Path("docs"),
) -> None:
    """The states of a payment's step and the list of all operations, from the code that is them."""
    for name, text in pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path}\n")
