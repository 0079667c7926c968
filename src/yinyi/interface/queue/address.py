"""Where brokers are: one address, or several with a comma between them, of which the first that answers is taken."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

_PORTS: Mapping[str, int] = {"stomp": 61613, "stomps": 61614}


@dataclass(frozen=True)
class Address:
    host: str
    port: int
    tls: bool
    login: str = ""
    passcode: str = field(default="", repr=False)


def addresses(text: str) -> list[Address]:
    """``stomp://platform:password@broker.example:61613``; ``stomps://``: within TLS.

    Raises:
        ValueError: it is none.
    """
    return [_address(each.strip()) for each in text.split(",")]


def _address(text: str) -> Address:
    parts = urlsplit(text)
    port = _PORTS.get(parts.scheme)
    if port is None or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ValueError("not an address of a broker")
    return Address(
        host=parts.hostname,
        port=parts.port or port,
        tls=parts.scheme == "stomps",
        login=unquote(parts.username or ""),
        passcode=unquote(parts.password or ""),
    )
