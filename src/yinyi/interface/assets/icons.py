"""Icons from lucide, drawn where they stand: a page carries those that it shows, and nothing has to be fetched."""

import re
from collections.abc import Mapping
from pathlib import Path

ICONS = (
    "a-large-small", "arrow-down", "arrow-down-a-z", "arrow-down-to-line", "arrow-left", "arrow-right", "arrow-up",
    "arrow-up-to-line", "baby", "badge-check", "bone", "brain", "calendar-check", "calendar-days", "calendar-plus",
    "calendar-x", "check", "chevron-left", "chevron-right", "circle", "circle-alert", "circle-check", "circle-help",
    "circle-x", "clock", "cloud-off", "contrast", "credit-card", "delete", "droplets", "ear", "eye", "file-text",
    "flower-2", "hand-helping", "headset", "heart-pulse", "history", "hospital", "house", "id-card", "info",
    "keyboard", "languages", "layers", "layout-grid", "leaf", "lock", "map-pin", "microscope", "monitor-cog", "moon",
    "person-standing", "pill", "printer", "receipt-text", "refresh-cw", "ribbon", "scan-line", "scan-qr-code",
    "search-check", "shield-check", "smartphone", "smile", "star", "stethoscope", "syringe", "ticket", "ticket-check",
    "trending-up", "triangle-alert", "undo-2", "user-check", "user-round", "user-x", "users-round", "volume-2",
    "wallet", "wind", "wrench",
)  # fmt: skip

BOX = "0 0 24 24"
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_OUTER = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_SPACE = re.compile(r"\s+")


class Icons:
    """The icons of lucide's ``icons`` folder that are in use."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            FileNotFoundError: lucide has no icon of one of the names.
        """
        self._shapes: Mapping[str, str] = {name: _shapes(folder / f"{name}.svg") for name in ICONS}
        self._drawn = {name: _drawn(name, shapes) for name, shapes in self._shapes.items()}

    def draw(self, name: str) -> str:
        """Markup of an icon, as high as the text beside it and in its colour.

        Raises:
            ValueError: it is not among those in use.
        """
        if name not in self._drawn:
            raise ValueError(f"no icon {name!r}")
        return self._drawn[name]

    @property
    def sprite(self) -> str:
        """All in one file, each a ``<symbol id="i-…">``, for pages that draw theirs while they are looked at."""
        symbols = (f'<symbol id="i-{name}" viewBox="{BOX}">{shapes}</symbol>' for name, shapes in self._shapes.items())
        return f'<svg xmlns="http://www.w3.org/2000/svg" class="sprite" aria-hidden="true">{"".join(symbols)}</svg>'

    @property
    def fingerprint(self) -> str:
        """Changes with every icon and with how they are drawn."""
        return "".join(self._drawn.values())


def _drawn(name: str, shapes: str) -> str:
    return f'<svg class="i i-{name}" viewBox="{BOX}" aria-hidden="true">{shapes}</svg>'


def _shapes(file: Path) -> str:
    text = _COMMENT.sub("", file.read_text(encoding="utf-8"))
    match = _OUTER.search(text)
    if match is None:
        raise ValueError(f"{file.name} is not an icon")
    return _SPACE.sub(" ", match.group(1)).strip().replace(" />", "/>")
