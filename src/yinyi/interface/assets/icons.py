"""Icons from lucide as one inline sprite: a page names an icon, the sprite draws it."""

import re
from pathlib import Path

ICONS = (
    "a-large-small", "arrow-down", "arrow-down-a-z", "arrow-down-to-line", "arrow-left", "arrow-right", "arrow-up",
    "arrow-up-to-line", "baby", "badge-check", "bone", "brain", "calendar-days", "calendar-plus", "check",
    "chevron-left", "chevron-right", "circle-alert", "circle-check", "circle-help", "circle-x", "clock", "cloud-off",
    "contrast", "credit-card", "delete", "droplets", "ear", "eye", "flower-2", "hand-helping", "headset",
    "heart-pulse", "history", "hospital", "house", "id-card", "info", "keyboard", "languages", "layers",
    "layout-grid", "leaf", "lock", "map-pin", "microscope", "monitor-cog", "moon", "person-standing", "pill",
    "printer", "receipt-text", "refresh-cw", "ribbon", "scan-line", "scan-qr-code", "search-check", "shield-check",
    "smartphone", "smile", "star", "stethoscope", "syringe", "ticket", "ticket-check", "triangle-alert", "undo-2",
    "user-check", "user-round", "user-x", "users-round", "volume-2", "wallet", "wind", "wrench",
)  # fmt: skip

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_OUTER = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_SPACE = re.compile(r"\s+")


def sprite(folder: Path) -> str:
    """A hidden ``<svg>`` with a ``<symbol id="i-…">`` for each icon of lucide's ``icons`` folder.

    Raises:
        FileNotFoundError: lucide has no icon of that name.
    """
    symbols = "".join(
        f'<symbol id="i-{name}" viewBox="0 0 24 24">{_shapes(folder / f"{name}.svg")}</symbol>' for name in ICONS
    )
    return f'<svg class="sprite" aria-hidden="true">{symbols}</svg>'


def _shapes(file: Path) -> str:
    text = _COMMENT.sub("", file.read_text(encoding="utf-8"))
    match = _OUTER.search(text)
    if match is None:
        raise ValueError(f"{file.name} is not an icon")
    return _SPACE.sub(" ", match.group(1)).strip().replace(" />", "/>")
