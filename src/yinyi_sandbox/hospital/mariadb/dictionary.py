"""The data dictionary of the hospital in MariaDB: what procedures, parameters and columns are called, its codes."""

import tomllib
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import msgspec

FILE = "names.toml"
SCHEMA = "前置库"


class Dictionary(msgspec.Struct, frozen=True, kw_only=True):
    """``names``: of parameters and columns, by the sandbox's. ``procedures``: without their schema."""

    names: Mapping[str, str]
    procedures: Mapping[str, str]
    outs: frozenset[str]
    more_outs: Mapping[str, frozenset[str]]
    given: tuple[str, ...]
    codes: Mapping[str, Mapping[str, str]]
    between: str

    def word(self, name: str) -> str:
        """What stands in no list is in English."""
        head, *rest = name.split("_")
        return self.names.get(name, head + "".join(part.capitalize() for part in rest))

    def outs_of(self, procedure: str) -> frozenset[str]:
        return self.outs | self.more_outs.get(procedure, frozenset())


def dictionary() -> Dictionary:
    said: dict[str, Any] = tomllib.loads((files("yinyi_sandbox.hospital.mariadb") / FILE).read_text(encoding="utf-8"))
    trades: dict[str, dict[str, Any]] = said["trade"]
    return Dictionary(
        names=said["names"],
        procedures={ours: one["is"].removeprefix(f"{SCHEMA}.") for ours, one in trades.items()},
        outs=frozenset(said["outs"]),
        more_outs={ours: frozenset(one["outs"]) for ours, one in trades.items() if "outs" in one},
        given=tuple(said["given"]),
        codes=said["codes"],
        between=said["forms"]["between"],
    )


def mapping_file() -> Path:
    """The same as the platform's setting takes it."""
    with as_file(files("yinyi_sandbox.hospital.mariadb") / FILE) as path:
        return path
