"""Connectors that leave the hospital's network dial from one place; and how that place and the relay are told."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TypeGuard

import msgspec
import pytest

from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.relay.allowed import Destination, allowed_from
from yinyi.app.settings import Settings
from yinyi.app.way_out import password_of, relay_of

ACCESS = Path(__file__).parents[2] / "src" / "yinyi" / "access"
INSIDE = ("hospital", "insurance/certificates", "keys", "notification/mllp")
"""They stay in the hospital's own network: its systems, its decoder, its key store, those that it wants told."""
DIALS = frozenset(
    {
        *("ClientSession", "TCPConnector", "create_connection", "create_unix_connection", "open_connection"),
        *("open_unix_connection", "sock_connect", "create_datagram_endpoint", "AsyncClient", "HTTPTransport"),
        *("AsyncHTTPTransport", "create_pool", "urlopen", "HTTPConnection", "HTTPSConnection", "socket"),
    }
)
LIBRARIES = frozenset({"httpx", "requests", "urllib3", "http", "asyncpg", "websockets", "smtplib", "ftplib"})


def outward() -> Iterator[Path]:
    for path in sorted(ACCESS.rglob("*.py")):
        inside = any(path.is_relative_to(ACCESS / each) for each in INSIDE)
        if not inside and path != ACCESS / "way_out.py":
            yield path


def dials_in(path: Path) -> list[str]:
    found = list[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in DIALS:
                found.append(f"{path.name}:{node.lineno} {name}")
            case ast.Import(names=names):
                found += [each.name for each in names if each.name.split(".")[0] in LIBRARIES]
            case ast.ImportFrom(module=module) if (module or "").split(".")[0] in LIBRARIES:
                found.append(module or "")
            case _:
                pass
    return found


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ACCESS))) for path in outward()])
def test_no_connector_that_leaves_the_hospital_dials_by_itself(path: Path) -> None:
    assert dials_in(path) == []


def relays_in(path: Path) -> int:
    """How often what a connector is given by ``surroundings.relay`` is handed on."""
    tree = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return sum(isinstance(each, ast.Attribute) and ast.unparse(each) == "surroundings.relay" for each in tree)


PLUGINS = [path for path in outward() if path.name == "plugin.py"]


@pytest.mark.parametrize("path", [pytest.param(path, id=path.parent.name) for path in PLUGINS])
def test_each_of_them_hands_the_relay_on_unless_it_is_told_that_it_stays_inside(path: Path) -> None:
    assert relays_in(path) == 1
    config = import_module(f"yinyi.access.{'.'.join(path.parent.relative_to(ACCESS).parts)}.config")
    for fields in [msgspec.structs.fields(each) for each in vars(config).values() if is_settings(each)]:
        assert [each.default for each in fields if each.name == "inside"] in ([], [False])


def is_settings(each: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(each, type) and issubclass(each, msgspec.Struct) and each is not msgspec.Struct


def test_the_one_place_would_be_found() -> None:
    found = dials_in(ACCESS / "way_out.py")
    assert {"socket", "ClientSession", "create_connection"} <= {each.split()[-1] for each in found}


def test_where_the_relay_is_and_where_it_goes(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    settings = Settings(data_dir=folder.path, relay="10.0.5.2:8443")
    relay = relay_of(settings)
    assert relay is not None
    assert (relay.host, relay.port, relay.password) == ("10.0.5.2", 8443, password_of(settings))
    assert relay.password not in repr(relay)
    assert relay_of(Settings(data_dir=tmp_path)) is None
    assert allowed_from("Pay.Example:443, 10.1.2.3:8001/plain,[fd00::1]:9") == {
        ("pay.example", 443): Destination("pay.example", 443),
        ("10.1.2.3", 8001): Destination("10.1.2.3", 8001, plain=True),
        ("fd00::1", 9): Destination("fd00::1", 9),
    }


@pytest.mark.parametrize("said", ["10.0.5.2", "10.0.5.2:0", "10.0.5.2:x", "u@10.0.5.2:1", "http://10.0.5.2:1", ":1"])
def test_an_address_that_is_none_is_named(tmp_path: Path, said: str) -> None:
    with pytest.raises(CannotStart, match="YINYI_RELAY must be host:port"):
        relay_of(Settings(data_dir=tmp_path, relay=said))


@pytest.mark.parametrize(
    "said", ["pay.example", "pay.example:0", "pay.example:65536", "*.example:443", "a b:1", "a:1/x"]
)
def test_a_destination_that_is_none_is_named(said: str) -> None:
    with pytest.raises(CannotStart, match="YINYI_RELAY_ALLOWS"):
        allowed_from(f"wallet.example:443,{said}")
