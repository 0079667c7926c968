"""Where the relay connects, and nowhere else; and how a connection through it is asked for (RFC 9110, 9.3.6)."""

import base64
import hmac
import re
from collections.abc import Mapping
from typing import NamedTuple

from yinyi.app.errors import CannotStart
from yinyi.kernel.plugin import RELAY_USER

LONGEST_HEAD = 4096
_HOST = r"[0-9A-Za-z][0-9A-Za-z.-]{0,252}|\[[0-9a-f:]+\]"
_PORT = re.compile(r"[0-9]{1,5}")
_DESTINATION = re.compile(rf"(?P<host>{_HOST}):(?P<port>{_PORT.pattern})(?P<plain>/plain)?")


class Destination(NamedTuple):
    """plain: the line is not TLS, a bank's own dedicated one."""

    host: str
    port: int
    plain: bool = False


class Refused(Exception):
    """With the status to answer. allows: of 405, the methods that this target has (RFC 9110, 15.5.6)."""

    def __init__(self, status: int, why: str, allows: str = "") -> None:
        super().__init__(why)
        self.status, self.why, self.allows = status, why, allows


class Ask(NamedTuple):
    """What somebody wants of the relay. method: CONNECT, or GET or HEAD of ``target``."""

    method: str
    target: str
    headers: Mapping[str, str]


def allowed_from(text: str) -> dict[tuple[str, int], Destination]:
    """``host:port`` with commas between; ``/plain`` behind one that does not speak TLS.

    Raises:
        CannotStart: one of them is not a destination.
    """
    found: dict[tuple[str, int], Destination] = {}
    for each in filter(None, (part.strip() for part in text.split(","))):
        said = _DESTINATION.fullmatch(each)
        if said is None or not 0 < int(said["port"]) < 65536:
            raise CannotStart(f"YINYI_RELAY_ALLOWS does not say host:port: {each}.")
        destination = Destination(said["host"].strip("[]").lower(), int(said["port"]), bool(said["plain"]))
        found[destination.host, destination.port] = destination
    return found


def ask_of(head: bytes) -> Ask:
    """
    Raises:
        Refused: it is not a request, or too long.
    """
    if len(head) > LONGEST_HEAD:
        raise Refused(431, "too long")
    try:
        first, *lines = head.decode("ascii").removesuffix("\r\n\r\n").split("\r\n")
        method, target, version = first.split(" ")
    except ValueError:
        raise Refused(400, "malformed") from None
    if not version.startswith("HTTP/1."):
        raise Refused(400, "malformed")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Ask(method, target, headers)


def wanted(ask: Ask, allowed: Mapping[tuple[str, int], Destination], password: str) -> Destination:
    """
    Raises:
        Refused: somebody who may not ask, or a destination that is not on the list.
    """
    if ask.method != "CONNECT":
        raise Refused(405, "not a tunnel", "CONNECT")
    expected = base64.b64encode(f"{RELAY_USER}:{password}".encode()).decode()
    kind, _, shown = ask.headers.get("proxy-authorization", "").partition(" ")
    if kind.lower() != "basic" or not hmac.compare_digest(shown.encode(), expected.encode()):
        raise Refused(407, "no password")
    host, _, port = ask.target.rpartition(":")
    known = allowed.get((host.strip("[]").lower(), int(port))) if _PORT.fullmatch(port) else None
    if known is None:
        raise Refused(403, "not allowed")
    return known
