"""SOAP 1.1 and 1.2 around what is asked and answered, and the UsernameToken in its header."""

from dataclasses import dataclass
from typing import Final, Literal

from lxml import etree

from yinyi.bus.envelope import Signed
from yinyi.wire import client_certificate
from yinyi.wire.xml import Element, NotXml, parsed
from yinyi.wire.xml_shapes import text_of

SOAP_11: Final = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP_12: Final = "http://www.w3.org/2003/05/soap-envelope"
_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss"
WSSE: Final = f"{_WSS}-wssecurity-secext-1.0.xsd"
WSU: Final = f"{_WSS}-wssecurity-utility-1.0.xsd"
DIGEST: Final = f"{_WSS}-username-token-profile-1.0#PasswordDigest"
CONTENT: Final = {SOAP_11: "text/xml; charset=utf-8", SOAP_12: "application/soap+xml; charset=utf-8"}

Blame = Literal["Client", "Server", "VersionMismatch", "MustUnderstand"]
_BLAME_12 = {"Client": "Sender", "Server": "Receiver"}
_LONGEST = 200


class NotSoap(Exception):
    """What has come is no envelope that can be opened. blame: whose fault it is, in SOAP 1.1's words."""

    def __init__(self, said: str, blame: Blame = "Client") -> None:
        super().__init__(said)
        self.blame: Blame = blame


@dataclass(frozen=True)
class Opened:
    """edition: SOAP_11 or SOAP_12. call: the one element of its body. token: who says that he asks; None: nobody.
    certificate: that came with it, see ``certificate_of``."""

    edition: str
    call: Element
    token: Signed | None
    certificate: str = ""


def opened(text: bytes, charset: str, path: str, certificate: str = "") -> Opened:
    """
    Raises:
        NotSoap
    """
    try:
        root = parsed(text, charset)
    except NotXml as error:
        raise NotSoap(str(error)) from None
    name = etree.QName(root)
    if name.localname != "Envelope":
        raise NotSoap("not an envelope")
    if name.namespace not in CONTENT:
        raise NotSoap("an envelope of another version", "VersionMismatch")
    edition = name.namespace
    token = _token(root, edition, path)
    body = root.find(f"{{{edition}}}Body")
    calls = [] if body is None else list(body.iterchildren("{*}*"))
    if len(calls) != 1:
        raise NotSoap("the body holds one element")
    return Opened(edition, calls[0], token, certificate)


def _token(root: Element, edition: str, path: str) -> Signed | None:
    """Everything else in the header that has to be understood is not."""
    token: Signed | None = None
    for header in root.iterfind(f"{{{edition}}}Header/*"):
        if header.tag == f"{{{WSSE}}}Security":
            token = _username_token(header, path)
        elif header.get(f"{{{edition}}}mustUnderstand") in ("1", "true"):
            raise NotSoap(f"{etree.QName(header).localname[:64]} is not understood", "MustUnderstand")
    return token


def _username_token(security: Element, path: str) -> Signed | None:
    token = security.find(f"{{{WSSE}}}UsernameToken")
    if token is None:
        return None
    password = token.find(f"{{{WSSE}}}Password")
    digest = "" if password is None else (password.text or "").strip()
    if password is not None and (password.get("Type") != DIGEST or not digest):
        return None
    return token_of(
        _text(token, f"{{{WSSE}}}Username"),
        _text(token, f"{{{WSSE}}}Nonce"),
        _text(token, f"{{{WSU}}}Created"),
        digest,
        path,
    )


def token_of(username: str, nonce: str, created: str, digest: str, path: str) -> Signed | None:
    """Without a digest it goes with a certificate. None: a part of it is missing, or longer than any is."""
    parts = (username, nonce, created)
    if not all(parts) or any(len(each) > _LONGEST for each in (*parts, digest)):
        return None
    return Signed(
        institution_id=username,
        algorithm="UsernameToken" if digest else client_certificate.NAME,
        timestamp=created,
        nonce=nonce,
        signature=digest,
        method="POST",
        path=path,
        body=b"",
    )


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def enveloped(edition: str, body: str) -> bytes:
    """``body``: XML."""
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    return f'{head}<soap:Envelope xmlns:soap="{edition}"><soap:Body>{body}</soap:Body></soap:Envelope>'.encode()


def fault(edition: str, blame: Blame, said: str, language: str, detail: str = "") -> bytes:
    """``said``: for people, in this language. ``detail``: XML."""
    if edition == SOAP_12:
        code = f"<soap:Code><soap:Value>soap:{_BLAME_12.get(blame, blame)}</soap:Value></soap:Code>"
        reason = f'<soap:Reason><soap:Text xml:lang="{language}">{text_of(said)}</soap:Text></soap:Reason>'
        inner = code + reason + (f"<soap:Detail>{detail}</soap:Detail>" if detail else "")
    else:
        inner = f"<faultcode>soap:{blame}</faultcode><faultstring>{text_of(said)}</faultstring>"
        inner += f"<detail>{detail}</detail>" if detail else ""
    return enveloped(edition, f"<soap:Fault>{inner}</soap:Fault>")


def fault_status(edition: str, blame: Blame) -> int:
    """Of HTTP: SOAP 1.1, section 6.2; SOAP 1.2 part 2, section 7.5.2.2."""
    return 400 if edition == SOAP_12 and blame == "Client" else 500
