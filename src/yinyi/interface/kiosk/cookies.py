"""What a kiosk's browser keeps between two pages: the screen's credential, who is at it, and how it likes to look.

All three are HttpOnly and SameSite=Strict and live under ``/kiosk`` only. No script reads them and the node keeps
nothing, so any node can answer.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, get_args

from yinyi.interface.journeys.views import Language, Mode, Reach, Theme
from yinyi.interface.journeys.visitor import Visit, Want

SCREEN, VISIT, LOOK = "yinyi_screen", "yinyi_visit", "yinyi_look"
SCREEN_LASTS_S = 400 * 86_400
"""The longest that browsers allow; each pairing begins anew."""

_TOKEN = re.compile(r"[0-9A-Za-z._-]{1,200}")
_KIND = re.compile(r"(session|ticket)([0-9]{0,18})(-?)")
"""The hyphen: he does without paper."""
_WANTS: Mapping[str, Want] = {want: want for want in get_args(Want)}


@dataclass(frozen=True)
class Look:
    """``mode`` empty: nobody has chosen yet."""

    language: Language = "zh-CN"
    mode: Literal["", "normal", "elder"] = ""
    theme: Theme = "light"
    reach: Reach = "normal"


NOBODY = Visit()
PLAIN = Look()


@dataclass(frozen=True)
class Cookies:
    """Everything that came with a request; what is out of form counts as absent."""

    screen: str = ""
    visit: Visit = NOBODY
    look: Look = PLAIN


def read(header: bytes) -> Cookies:
    """The three of ours out of the ``Cookie`` header."""
    found: dict[str, str] = {}
    for piece in header.decode("latin-1").split(";"):
        key, _, text = piece.strip().partition("=")
        found.setdefault(key, text)
    screen = found.get(SCREEN, "")
    return Cookies(
        screen=screen if _TOKEN.fullmatch(screen) else "",
        visit=_visit(found.get(VISIT, "")),
        look=_look(found.get(LOOK, "")),
    )


def _visit(text: str) -> Visit:
    wants, kind, token = [*text.split(".", 2), "", "", ""][:3]
    if not token or not _TOKEN.fullmatch(token):
        token = ""
    found = _KIND.fullmatch(kind)
    named, card = found.group(1, 2) if found and token else ("", "")
    return Visit(
        session=token if named == "session" else "",
        ticket=token if named == "ticket" else "",
        wants=_WANTS.get(wants, "home"),
        card=int(card or 0),
        without_paper=bool(found and found[3]),
    )


def _look(text: str) -> Look:
    language, mode, theme, reach = [*text.split("."), "", "", "", ""][:4]
    return Look(
        language="en" if language == "en" else "zh-CN",
        mode="elder" if mode == "elder" else "normal" if mode == "normal" else "",
        theme="contrast" if theme == "contrast" else "light",
        reach="low" if reach == "low" else "normal",
    )


def look_from(form: Mapping[str, str], before: Look) -> Look:
    """The look after a form of settings; what it does not name, or names wrongly, stays."""
    changed = {name: form[name] for name, values in _CHOICES.items() if form.get(name) in values}
    return replace(before, **changed)


_CHOICES: Mapping[str, tuple[str, ...]] = {
    "language": get_args(Language),
    "mode": get_args(Mode),
    "theme": get_args(Theme),
    "reach": get_args(Reach),
}


class Jar:
    """Writes ``Set-Cookie`` headers for one address. ``secure``: the page came over TLS."""

    def __init__(self, path: str, secure: bool) -> None:
        self._rest = f"; Path={path}; HttpOnly; SameSite=Strict{'; Secure' if secure else ''}"

    def screen(self, token: str) -> tuple[bytes, bytes]:
        return self._set(SCREEN, token, SCREEN_LASTS_S if token else 0)

    def visit(self, visit: Visit) -> tuple[bytes, bytes]:
        kind, token = ("session", visit.session) if visit.session else ("ticket", visit.ticket)
        if not token and visit.wants == "home":
            return self._set(VISIT, "", 0)
        return self._set(VISIT, f"{visit.wants}.{kind}{visit.card or ''}{'-' if visit.without_paper else ''}.{token}")

    def look(self, look: Look) -> tuple[bytes, bytes]:
        text = f"{look.language}.{look.mode}.{look.theme}.{look.reach}"
        return self._set(LOOK, text if look != PLAIN else "", None if look != PLAIN else 0)

    def _set(self, name: str, value: str, lasts_s: int | None = None) -> tuple[bytes, bytes]:
        lasts = "" if lasts_s is None else f"; Max-Age={lasts_s}"
        return b"set-cookie", f"{name}={value}{lasts}{self._rest}".encode("latin-1")


def csrf_of(cookies: Cookies) -> str:
    """What forms carry: one half proves the screen, the other the person, and nobody can make either without the
    cookies that no script reads."""
    return f"{_half('screen', cookies.screen)}.{_half('person', cookies.visit.session or cookies.visit.ticket)}"


def csrf_matches(cookies: Cookies, sent: str, *, any_person: bool = False) -> bool:
    """Compared in constant time. ``any_person``: a form of an earlier session on the same screen will do."""
    expected = csrf_of(cookies)
    if any_person:
        expected, sent = expected.partition(".")[0], sent.partition(".")[0]
    return bool(cookies.screen) and hmac.compare_digest(expected.encode(), sent.encode())


@lru_cache(maxsize=4096)
def _half(what: str, secret: str) -> str:
    return hashlib.sha256(f"csrf/{what}/{secret}".encode()).hexdigest()[:32]
