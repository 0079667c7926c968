"""A value over time as a drawing (SVG) made on the server: the range it should be in, a line, and a mark for each
value. What it says stands in words beside it; colours and sizes are the style sheet's."""

from collections.abc import Sequence

from yinyi.business.reports.model import TrendPoint

WIDTH, HEIGHT = 900, 380
_SIDE, _ABOVE = 36, 30
_MARK = 13


def trend(points: Sequence[TrendPoint]) -> str:
    """Oldest first. Empty: fewer than two of them are numbers.

    Times lie as far apart as they are, so that a pause shows. A value above its range is a triangle that points up, one
    below points down, one within is a circle: never colour alone.
    """
    drawn = [(each, each.value) for each in points if each.value is not None]
    if len(drawn) < 2:
        return ""
    across = _Scale([each.sampled_at.timestamp() for each, _ in drawn], _SIDE, WIDTH - _SIDE)
    limits = [limit for each, _ in drawn for limit in (each.low, each.high) if limit is not None]
    upwards = _Scale([value for _, value in drawn] + limits, HEIGHT - _ABOVE, _ABOVE)
    at = [(across.at(each.sampled_at.timestamp()), upwards.at(value), each) for each, value in drawn]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in at)
    return (
        f'<svg class="trend" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f"{_band(drawn[-1][0], upwards)}"
        f'<polyline class="way" points="{line}"/>{"".join(_mark(x, y, each) for x, y, each in at)}</svg>'
    )


class _Scale:
    """From values to places; where all are the same they lie in the middle."""

    def __init__(self, values: Sequence[float], first: float, last: float) -> None:
        self._least, self._most = min(values), max(values)
        self._first, self._last = first, last

    def at(self, value: float) -> float:
        span = self._most - self._least
        share = (value - self._least) / span if span else 0.5
        return self._first + share * (self._last - self._first)


def _band(latest: TrendPoint, upwards: _Scale) -> str:
    """The range of the latest value; open where it has no end."""
    if latest.low is None and latest.high is None:
        return ""
    top = 0.0 if latest.high is None else upwards.at(latest.high)
    bottom = float(HEIGHT) if latest.low is None else upwards.at(latest.low)
    return f'<rect class="range" x="0" y="{top:.1f}" width="{WIDTH}" height="{bottom - top:.1f}"/>'


def _mark(x: float, y: float, point: TrendPoint) -> str:
    if point.flag in ("H", "HH", "L", "LL"):
        up = point.flag.startswith("H")
        tip, foot = (y - _MARK * 1.4, y + _MARK) if up else (y + _MARK * 1.4, y - _MARK)
        corners = f"{x - _MARK * 1.2:.1f},{foot:.1f} {x + _MARK * 1.2:.1f},{foot:.1f} {x:.1f},{tip:.1f}"
        return f'<polygon class="{"high" if up else "low"}" points="{corners}"/>'
    return f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="{_MARK}"/>'
