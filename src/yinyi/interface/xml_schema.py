"""The XSD of operations, derived from them."""

from collections.abc import Mapping

from yinyi.bus.operation import OperationSpec
from yinyi.wire import wsdl
from yinyi.wire.xml_shapes import NAMESPACE, complex_types

KEY = "idempotency_key"
_KEY = (
    f'<xs:element name="{KEY}"><xs:simpleType><xs:restriction base="xs:string">'
    '<xs:pattern value="[!-~]{8,64}"/></xs:restriction></xs:simpleType></xs:element>'
)
_PROBLEM = (
    '<xs:element name="Problem"><xs:complexType><xs:sequence>'
    + "".join(
        f'<xs:element name="{name}" type="xs:string" minOccurs="{least}"/>'
        for name, least in (("code", 1), ("title", 1), ("title_zh", 1), ("detail", 0), ("correlation_id", 1))
    )
    + "</xs:sequence></xs:complexType></xs:element>"
)


def schema(served: Mapping[str, OperationSpec], *, keyed: bool = True) -> str:
    """``Operation`` and ``OperationResponse`` for each, and ``Problem`` for what goes wrong. keyed: a change carries
    its idempotency key behind its fields; otherwise it travels beside them."""
    travels = [each for spec in served.values() for each in (spec.request, spec.reply)]
    elements = "".join(_elements(name, spec, keyed and spec.changes) for name, spec in served.items())
    return wsdl.schema(NAMESPACE, complex_types(travels) + elements + _PROBLEM)


def _elements(name: str, spec: OperationSpec, keyed: bool) -> str:
    request = f"tns:{spec.request.__name__}"
    if keyed:
        extended = f'<xs:extension base="{request}"><xs:sequence>{_KEY}</xs:sequence></xs:extension>'
        content = f"<xs:complexType><xs:complexContent>{extended}</xs:complexContent></xs:complexType>"
        asked = f'<xs:element name="{name}">{content}</xs:element>'
    else:
        asked = f'<xs:element name="{name}" type="{request}"/>'
    return f'{asked}<xs:element name="{name}Response" type="tns:{spec.reply.__name__}"/>'
