"""WSDL 1.1 of everything that the hospital may ask, document/literal, SOAP 1.1 and 1.2, with its XSD."""

from collections.abc import Mapping, Sequence

from yinyi.bus.operation import OperationSpec
from yinyi.wire import wsdl
from yinyi.wire.shapes import NAMESPACE, complex_types

HL7 = "urn:hl7-org:v3"
PROCESS = "urn:yinyi:process:v1"

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


def schema(served: Mapping[str, OperationSpec]) -> str:
    """The XSD: ``Operation`` and ``OperationResponse`` for each, and ``Problem`` for what goes wrong."""
    travels = [each for spec in served.values() for each in (spec.request, spec.reply)]
    elements = "".join(_elements(name, spec) for name, spec in served.items())
    return wsdl.schema(NAMESPACE, complex_types(travels) + elements + _PROBLEM)


def _elements(name: str, spec: OperationSpec) -> str:
    """A change carries its idempotency key behind its fields."""
    request = f"tns:{spec.request.__name__}"
    if spec.changes:
        extended = f'<xs:extension base="{request}"><xs:sequence>{_KEY}</xs:sequence></xs:extension>'
        content = f"<xs:complexType><xs:complexContent>{extended}</xs:complexContent></xs:complexType>"
        asked = f'<xs:element name="{name}">{content}</xs:element>'
    else:
        asked = f'<xs:element name="{name}" type="{request}"/>'
    return f'{asked}<xs:element name="{name}Response" type="tns:{spec.reply.__name__}"/>'


def of_operations(served: Mapping[str, OperationSpec], location: str) -> bytes:
    """location: where they are asked."""
    return wsdl.document("Yinyi", NAMESPACE, schema(served), list(served), location, fault=True)


def of_message(namespace: str, method: str, parameters: Sequence[str], location: str) -> bytes:
    """One method for everything: a code and a string of XML, which a string of XML answers."""
    return wsdl.document("HIPService", namespace, schema_of_message(namespace, method, parameters), [method], location)


def schema_of_message(namespace: str, method: str, parameters: Sequence[str]) -> str:
    asked = "".join(f'<xs:element name="{name}" type="xs:string"/>' for name in parameters)
    answered = f'<xs:element name="{method}Result" type="xs:string"/>'
    elements = "".join(
        f'<xs:element name="{name}"><xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType></xs:element>'
        for name, content in ((method, asked), (f"{method}Response", answered))
    )
    return wsdl.schema(namespace, elements)
