"""Connectors: a folder with a new one, which passes the kit as it is laid down."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from yinyi.app.new_connector.lay_down import lay_down


def command(
    kind: Annotated[str, typer.Argument(help="hospital, payment, insurance, scheme, face or device")],
    name: Annotated[str, typer.Argument(help="its name: small letters, digits and _")],
    into: Annotated[Path, typer.Option(help="the folder in which its own folder is made")] = Path(),
) -> None:
    """Lays down a package of its own: connector, settings, sandbox, test. From there on it is yours."""
    folder = lay_down(kind, name, into)
    sys.stdout.write(f"{folder}: check it with `{sys.argv[0]} check-plugin --from {folder}`\n")
