"""Every operation of this release. Domains declare theirs in ``messages.py``, many of them in
``messages_*.py`` beside it; somebody has to import them all."""

from importlib import import_module
from pathlib import Path

from yinyi.bus.operation import OperationSpec, every_operation

_BUSINESS = Path(__file__).parents[1] / "business"


def declared_operations() -> list[OperationSpec]:
    """All of them, whatever this process has imported before; in the order of their paths."""
    for path in sorted(_BUSINESS.glob("*/messages*.py")):
        import_module(f"yinyi.business.{path.parent.name}.{path.stem}")
    return every_operation()
