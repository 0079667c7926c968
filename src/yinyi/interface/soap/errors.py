"""From an error of the platform to what the string of an answer holds: as in the XSD."""

from yinyi.interface.problem import problem
from yinyi.kernel.errors import YinyiError
from yinyi.wire.xml_shapes import fields_of


def problem_fields(error: YinyiError, correlation_id: str) -> str:
    """XML."""
    return fields_of(problem(error, correlation_id))
