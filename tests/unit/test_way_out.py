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
from yinyi.conformance.dialling import INSIDE, dials_in

ACCESS = Path(__file__).parents[2] / "src" / "yinyi" / "access"
DIALLING = (
    "import socket\nsocket.socket()",
    "from socket import socket as S\nS()",
    "from socket import create_connection as cc\ncc(('a', 1))",
    "import socket\ngetattr(socket, 'create_' + 'connection')",
    "import socket\nopened = [socket]",
    "from asyncio import open_connection as oc",
    "import asyncio\nopened = asyncio.open_connection",
    "import asyncio as a\na.create_subprocess_exec('curl')",
    "from asyncio import *",
    "loop.create_connection(None, 'a', 1)",
    "getattr(loop, 'sock_connect')(s, a)",
    "from aiohttp import ClientSession as S\nS()",
    "import aiohttp, functools\nfunctools.partial(aiohttp.ClientSession)()",
    "import aiohttp\naiohttp.request('GET', 'http://a')",
    "import aiohttp\ndef f(s: object = aiohttp.ClientSession()): ...",
    *(f"import {each}" for each in ("httpx", "requests", "http.client", "urllib.request", "xmlrpc.client", "imaplib")),
    *(f"import {each}" for each in ("zeep", "nats", "oracledb", "psycopg", "asyncpg", "smtplib", "ctypes", "pty")),
    *(f"import {each}" for each in ("multiprocessing.connection", "logging.handlers", "subprocess", "importlib")),
    "from http.client import HTTPConnection",
    "from urllib import request",
    "from logging import handlers",
    "import ssl\nssl.get_server_certificate(('a', 1))",
    "import os\nos.system('curl a')",
    "from os import system as run\nrun('curl a')",
    "__import__('socket')",
    "exec('import socket')",
    "import logging\nlogging.sys.modules['socket']",
    "from contextlib import sys",
    "from yinyi.access.way_out import aiohttp",
    "import yinyi.access.way_out as w\nw.asyncio",
    "from yinyi.access import way_out\nway_out.asyncio",
    "from yinyi.access.hospital.trades.web import WebLine",
    "from yinyi.access import keys",
    "from yinyi.access.notification.mllp.client import exchange",
    "from . import sandbox",
    "from acme.sandbox import client",
)
HARMLESS = """
import asyncio, aiohttp, os.path, socket, ssl
from collections.abc import Mapping
from urllib.parse import urlencode
from aiohttp import ClientSession
from acme import mapping
from yinyi.access.way_out import web_session
from .config import Config
def f(session: ClientSession, other: aiohttp.ClientSession | None) -> "aiohttp.ClientResponse":
    try:
        asyncio.get_running_loop()
    except (aiohttp.ClientError, socket.gaierror, ssl.SSLError):
        return socket.TCP_KEEPIDLE
"""


def inside(path: Path) -> bool:
    """Such connectors stay in the hospital's own network: its systems, decoder and keys, those that it wants told."""
    return any(path.is_relative_to(ACCESS.joinpath(*each.split("."))) for each in INSIDE)


def outward() -> Iterator[Path]:
    for path in sorted(ACCESS.rglob("*.py")):
        if not inside(path) and path != ACCESS / "way_out.py":
            yield path


@pytest.mark.parametrize("path", [pytest.param(path, id=str(path.relative_to(ACCESS))) for path in outward()])
def test_no_connector_that_leaves_the_hospital_dials_by_itself(path: Path) -> None:
    assert dials_in(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("code", DIALLING)
def test_every_way_of_dialling_is_found(code: str) -> None:
    assert dials_in(code, "acme", "acme.sandbox")


def test_what_dials_nobody_is_not_taken_for_it() -> None:
    assert dials_in(HARMLESS, "acme", "acme.sandbox") == []


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
    found = dials_in((ACCESS / "way_out.py").read_text(encoding="utf-8"))
    assert {"socket.socket", "aiohttp.ClientSession", "create_connection"} <= {each.split()[-1] for each in found}


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
