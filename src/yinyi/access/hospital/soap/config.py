"""What the plugin has to be told."""

from typing import Literal

import msgspec

from yinyi.business.payments.rules import AskPace


class SoapConfig(msgspec.Struct, frozen=True, kw_only=True):
    """
    wsdl: its file or address. address: where to call instead of where the WSDL says; "": there.
    style: ``methods``: a method for each trade; ``message``: one ``method`` for all, which takes the name of the trade
        (parameter ``code``) and a string of XML (parameter ``message``), and answers with a string of XML;
        ``template``: as ``envelope`` has it, where neither fits.
    envelope: file of all that leaves, with places such as ``{{trade}}`` (see ``templates.py``). No WSDL is read then.
    inner: file of the string of XML that stands in it, and that answers in the same manner; "": it has none.
    parameter: how one of them is written. action: the header SOAPAction. charset: in which it leaves.
    keyed: the attribute by which an answer names what stands in an element; "": the element's own name does.
    port: which of the WSDL's ports; "": the first one.
    mapping: file of the names that the hospital has for everything (see ``trades/names.py``); "": ours, in Pascal case.
    answer: the element in an envelope's Body that answers a call, ``{{method}}`` where the method that was called names
        it; in style ``template``: ``{{trade}}``, where the trade does. Whatever has it not is no answer.
    row: the element that holds a row of an answer.
    result: of a string of XML: the element with the result of the call, ``well`` when it was made, one of ``refused``
        when it surely was not. "": there is none.
    source: what we call ourselves in a string of XML.
    user, password: WS-Security UsernameToken with digest; "": none is sent.
    calls_at_once: the hospital's own limit for us, for all business processes together.
    calls_waiting: how many more may wait in each of them before the next is told at once that it is too many.
    call_timeout_s: after that a call's fate is unknown. connect_timeout_s: for our turn, and for a connection.
    pace: how often it is asked what became of a call whose fate is unknown.
    idle_s: an idle connection is closed then; sooner than the hospital's own server does.
    longest_answer: bytes.
    cache_s: how old departments and practitioners may be.
    rest_after: failures in a row after which the hospital is left alone for rest_s.
    """

    wsdl: str = ""
    address: str = ""
    style: Literal["methods", "message", "template"] = "methods"
    envelope: str = ""
    inner: str = ""
    parameter: str = "<{{name}}>{{value}}</{{name}}>"
    action: str = ""
    charset: Literal["utf-8", "gb18030"] = "utf-8"
    keyed: str = ""
    port: str = ""
    method: str = "HIPMessageServer"
    code: str = "action"
    message: str = "message"
    mapping: str = ""
    answer: str = "{{method}}Response"
    row: str = "Row"
    result: str = "ResultCode"
    well: str = "0"
    refused: tuple[str, ...] = ("-2",)
    source: str = "yinyi"
    user: str = ""
    password: str = ""
    calls_at_once: int = 12
    calls_waiting: int = 4000
    call_timeout_s: float = 5.0
    connect_timeout_s: float = 3.0
    pace: AskPace = AskPace()
    idle_s: float = 4.0
    longest_answer: int = 8 << 20
    cache_s: float = 30.0
    rest_after: int = 5
    rest_s: float = 1.0

    @property
    def answers_by_string(self) -> bool:
        """What an envelope brings is a string of XML."""
        return self.style == "message" or bool(self.inner)

    def answer_to(self, trade: str) -> str:
        """The element that answers a trade, as the hospital calls it."""
        method = self.method if self.style == "message" else trade
        return self.answer.replace("{{method}}", method).replace("{{trade}}", trade)

    def __repr__(self) -> str:
        return "SoapConfig(…)"
