"""Everybody who comes, alone on a stage or in a crowd."""

from collections.abc import Awaitable, Callable, Mapping

from yinyi.app.faults.at_terminal import AtTerminal
from yinyi.app.faults.booking_shapes import BOOKING_SHAPES
from yinyi.app.faults.card_shapes import CARD_SHAPES
from yinyi.app.faults.purpose_shapes import PURPOSE_SHAPES
from yinyi.app.faults.shapes import SHAPES
from yinyi.app.faults.there_shapes import THERE_SHAPES

ALL_SHAPES: Mapping[str, Callable[[AtTerminal], Awaitable[None]]] = {
    **SHAPES,
    **BOOKING_SHAPES,
    **THERE_SHAPES,
    **PURPOSE_SHAPES,
    **CARD_SHAPES,
}
