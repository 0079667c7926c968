"""The WSDL 1.1 of the hospital's web services: document/literal, SOAP 1.1 and 1.2."""

from collections.abc import Iterable

from yinyi.wire.wsdl import document, schema
from yinyi_sandbox.hospital.trades import Field, Trade

SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
HIS = "urn:cloudhill-hospital:his"
HL7 = "urn:hl7-org:v3"


def of_methods(trades: Iterable[Trade], location: str) -> bytes:
    """One method for each trade; its answer holds a ``Row`` for each row."""
    trades = list(trades)
    types = "".join(_method_types(trade) for trade in trades)
    return document("HisService", HIS, schema(HIS, types), [trade.method for trade in trades], location)


def of_message(namespace: str, method: str, first: str, second: str, result: str, location: str) -> bytes:
    """One method for everything: a code and a string of XML, which a string of XML answers."""
    asked = "".join(f'<xs:element name="{name}" type="xs:string" minOccurs="0"/>' for name in (first, second))
    types = _element(method, asked) + _element(
        f"{method}Response", f'<xs:element name="{result}" type="xs:string" minOccurs="0"/>'
    )
    return document("HIPService", namespace, schema(namespace, types), [method], location)


def _method_types(trade: Trade) -> str:
    row = f'<xs:element name="Row" minOccurs="0" maxOccurs="unbounded">{_complex(_fields(trade.columns))}</xs:element>'
    return _element(trade.method, _fields(trade.parameters)) + _element(f"{trade.method}Response", row)


def _fields(fields: Iterable[Field]) -> str:
    return "".join(
        f'<xs:element name="{one.word}" type="xs:{one.xsd}" minOccurs="0"'
        + (' maxOccurs="unbounded"/>' if one.many else ' nillable="true"/>')
        for one in fields
    )


def _element(name: str, content: str) -> str:
    return f'<xs:element name="{name}">{_complex(content)}</xs:element>'


def _complex(content: str) -> str:
    return f"<xs:complexType><xs:sequence>{content}</xs:sequence></xs:complexType>"
