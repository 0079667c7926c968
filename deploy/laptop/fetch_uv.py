"""Fetches the one program that installs all the others: uv, its version and digests pinned here."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import platform
import re
import ssl
import sys
import time
import zipfile
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit
from urllib.request import Request, urlopen

UV_VERSION = "0.13.9"
PUBLIC_INDEX = "https://pypi.org/simple"
WHEELS = {
    "x86_64": (
        "manylinux_2_17_x86_64.manylinux2014_x86_64",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    "aarch64": (
        "manylinux_2_28_aarch64",
        "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
}
CHUNK_BYTES = 256 * 1024
TRIES = 3


class CannotFetch(Exception):
    """The message is the one sentence that a person reads."""


def fetch_uv(index: str, target: Path) -> None:
    """Writes the program to ``target``; ``index`` is a package index's address, "" for Python's public one.

    Raises:
        CannotFetch: the index does not answer, has no such file, or has another one under its name.
    """
    machine = platform.machine()
    if machine not in WHEELS:
        raise CannotFetch(f"there is no pinned uv for {machine} machines.")
    tag, digest = WHEELS[machine]
    name = f"uv-{UV_VERSION}-py3-none-{tag}.whl"
    page_url = f"{(index or PUBLIC_INDEX).rstrip('/')}/uv/"
    page = fetch(page_url).decode("utf-8", "replace")
    link = re.search(rf'href="([^"]*{re.escape(name)})[^"]*"', page)
    if link is None:
        raise CannotFetch(f"the index {without_password(page_url)} has no {name}.")
    wheel = fetch(with_password_of(page_url, urljoin(page_url, link[1])), progress=True)
    if hashlib.sha256(wheel).hexdigest() != digest:
        raise CannotFetch(f"{name} is not the file that it should be (its sha256 differs).")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        program = archive.read(f"uv-{UV_VERSION}.data/scripts/uv")
    draft = target.with_name(f".uv.{os.getpid()}")
    draft.write_bytes(program)
    draft.chmod(0o755)
    draft.replace(target)


def fetch(url: str, progress: bool = False) -> bytes:
    """Raises:
    CannotFetch: not in three tries.
    """
    reason = ""
    for attempt in range(1, TRIES + 1):
        try:
            return fetch_once(url, progress)
        except HTTPError as error:
            reason, final = f"it answers {error.code}", error.code < 500
        except (URLError, HTTPException, OSError) as error:
            reason, final = str(getattr(error, "reason", error)), False
        if final:
            break
        if attempt < TRIES:
            time.sleep(2**attempt)
    raise CannotFetch(f"{without_password(url)} cannot be fetched: {reason}.")


def fetch_once(url: str, progress: bool) -> bytes:
    parts = urlsplit(url)
    request = Request(without_password(url), headers={"Accept": "text/html, */*", "User-Agent": "yinyi-install"})
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    try:
        answer = urlopen(request, timeout=60)
    except URLError as error:
        if parts.username or not isinstance(error.reason, ssl.SSLCertVerificationError):
            raise
        # A bare Debian has no certificates to check by. The pinned digest decides what is taken, not who serves it.
        answer = urlopen(request, timeout=60, context=unchecked())
    with answer:
        total = int(answer.headers.get("Content-Length") or 0)
        chunks: list[bytes] = []
        while chunk := answer.read(CHUNK_BYTES):
            chunks.append(chunk)
            if progress and total and sys.stdout.isatty():
                print(f"\r      {sum(map(len, chunks)) * 100 // total} %", end="", flush=True)
        if progress and sys.stdout.isatty():
            print("\r", end="")
    return b"".join(chunks)


def unchecked() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def with_password_of(owner: str, url: str) -> str:
    """``url`` with the log-in of ``owner``, when both are the same host; another host is told nothing."""
    theirs, ours = urlsplit(url), urlsplit(owner)
    if not ours.username or theirs.hostname != ours.hostname or theirs.username:
        return url
    return urlunsplit(theirs._replace(netloc=ours.netloc.rpartition("@")[0] + "@" + theirs.netloc))
