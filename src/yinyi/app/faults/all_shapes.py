"""Everybody who comes. Those with cards need a terminal, which has its stage to itself."""

from collections.abc import Awaitable, Callable, Mapping

from yinyi.app.faults.booking_shapes import BOOKING_SHAPES
from yinyi.app.faults.card_shapes import CARD_SHAPES
from yinyi.app.faults.purpose_shapes import PURPOSE_SHAPES
from yinyi.app.faults.shapes import SHAPES, Shape
from yinyi.app.faults.stage import Stage

CROWD_SHAPES: Mapping[str, Shape] = {**SHAPES, **BOOKING_SHAPES, **PURPOSE_SHAPES}
"""Of whom many may be in the house at once."""
ALL_SHAPES: Mapping[str, Callable[[Stage], Awaitable[None]]] = {**CROWD_SHAPES, **CARD_SHAPES}
