"""What an interface serves: derived from the operations, never listed by hand."""

from yinyi.bus.operation import Caller, OperationSpec, every_operation


def served_operations(caller: Caller, *, lines: bool = False) -> dict[str, OperationSpec]:
    """By the last part of their address: every operation that this caller may call, in its newest version. lines:
    also what is about a line, where there are any.

    Raises:
        ValueError: two domains name an operation alike.
    """
    served: dict[str, OperationSpec] = {}
    for spec in every_operation():
        if caller not in spec.callers or (spec.of_line and not lines):
            continue
        before = served.get(spec.name)
        if before is not None and before.domain != spec.domain:
            raise ValueError(f"{spec.path} and {before.path} would share an address")
        if before is None or before.version < spec.version:
            served[spec.name] = spec
    return served
