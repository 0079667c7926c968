"""One method for everything: a code names the operation, a string of XML holds its fields, a string of XML answers.

``<Request><Header><MessageID/></Header><Body>fields</Body></Request>``; the header's MessageID is the idempotency key
of what changes something. Who asks stands in the envelope's UsernameToken, or, where a hospital's bus passes on nothing
but the string, in the same header: UserName, Nonce, Created, PasswordDigest.
"""

from collections.abc import Sequence

from lxml import etree

from yinyi.bus.envelope import Signed
from yinyi.interface.soap.asking import Asking, Wanted
from yinyi.interface.soap.envelope import Opened, token_of
from yinyi.interface.soap.errors import problem_fields
from yinyi.kernel.errors import Invalid
from yinyi.wire.xml import Element, NotXml, parsed
from yinyi.wire.xml_shapes import fields_of, text_of

DONE, FAILED = "0", "1"
SUCCESS, SUCCESS_ZH = "Success", "成功"


class Messages:
    """One such method. parameters: the names of the code and of the string."""

    def __init__(self, asking: Asking, namespace: str, method: str, parameters: Sequence[str]) -> None:
        self._asking = asking
        self._namespace = namespace
        self._method = method
        self._code, self._text = parameters

    async def answer(self, opened: Opened, correlation_id: str, language: str) -> str:
        """The body of the answer, as XML. What goes wrong stands in the string: a hospital's bus drops faults.

        Raises:
            Invalid: another method, or a parameter is missing.
        """
        name = etree.QName(opened.call)
        given = {etree.QName(each).localname: each.text or "" for each in opened.call.iterchildren("{*}*")}
        if (name.namespace, name.localname) != (self._namespace, self._method) or set(given) != {
            self._code,
            self._text,
        }:
            raise Invalid(f"{self._method} takes {self._code} and {self._text}")
        message_id = ""
        try:
            header, body = _parts(given[self._text])
            message_id = _said(header, "MessageID")
            told = await self._ask(given[self._code], header, body, opened, correlation_id, language)
            text = _response(message_id, DONE, SUCCESS_ZH if language.startswith("zh") else SUCCESS, told)
        except Exception as error:
            known = self._asking.known(error, correlation_id)
            text = _response(message_id, FAILED, known.sentence(language), problem_fields(known, correlation_id))
        result = f"<{self._method}Result>{text_of(text)}</{self._method}Result>"
        return f'<{self._method}Response xmlns="{self._namespace}">{result}</{self._method}Response>'

    async def _ask(
        self, code: str, header: Element, body: Element, opened: Opened, correlation_id: str, language: str
    ) -> str:
        spec = self._asking.spec(code.strip())
        key = _said(header, "MessageID") if spec.changes else ""
        wanted = Wanted(spec, body, opened.token or _token(header), key, language, opened.certificate)
        return fields_of(await self._asking.ask(wanted, correlation_id))


def _parts(text: str) -> tuple[Element, Element]:
    """
    Raises:
        Invalid: it is not a request of this form.
    """
    try:
        root = parsed(text.encode(), "utf-8")
    except NotXml as error:
        raise Invalid(str(error)) from None
    header, body = root.find("{*}Header"), root.find("{*}Body")
    if etree.QName(root).localname != "Request" or header is None or body is None:
        raise Invalid("<Request><Header/><Body/></Request>")
    return header, body


def _token(header: Element) -> Signed | None:
    names = ("UserName", "Nonce", "Created", "PasswordDigest")
    return token_of(*(_said(header, name) for name in names), path="")


def _said(header: Element, name: str) -> str:
    return (header.findtext(f"{{*}}{name}") or "").strip()


def _response(message_id: str, code: str, content: str, body: str) -> str:
    head = f"<Header><MessageID>{text_of(message_id)}</MessageID></Header>"
    result = f"<ResultCode>{code}</ResultCode><ResultContent>{text_of(content)}</ResultContent>"
    return f"<Response>{head}<Body>{result}{body}</Body></Response>"
