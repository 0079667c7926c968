"""WSDL 1.1 of everything that the hospital may ask, document/literal, SOAP 1.1 and 1.2, with its XSD."""

from collections.abc import Mapping, Sequence

from yinyi.bus.operation import OperationSpec
from yinyi.interface.xml_schema import schema
from yinyi.wire import wsdl
from yinyi.wire.xml_shapes import NAMESPACE

HL7 = "urn:hl7-org:v3"
PROCESS = "urn:yinyi:process:v1"


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
