"""Where a hospital's database is, out of a URL, and the packages that speak to it."""

import importlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """``database``: or service. ``ca``: the file of the authority that vouches for the server; "": in the clear."""

    host: str
    port: int
    user: str
    password: str
    database: str
    ca: str

    def __repr__(self) -> str:
        return "Address(…)"

    @classmethod
    def of(cls, url: str, port: int) -> "Address":
        """``scheme://user:password@host:port/database?ca=file``.

        Raises:
            ValueError: it is none.
        """
        parts = urlsplit(url)
        if not parts.hostname:
            raise ValueError("the URL names no host")
        asked: Mapping[str, list[str]] = parse_qs(parts.query)
        if unheard := sorted(asked.keys() - {"ca"}):
            raise ValueError(f"the URL says what nobody understands: {', '.join(unheard)}")
        return cls(
            host=parts.hostname,
            port=parts.port or port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.lstrip("/")),
            ca=asked.get("ca", [""])[0],
        )


def package(name: str, extra: str) -> Any:
    """The driver.

    Raises:
        ValueError: it is not installed; the sentence says how.
    """
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ValueError(f"{name} is not installed: pip install 'yinyi[{extra}]'") from error
