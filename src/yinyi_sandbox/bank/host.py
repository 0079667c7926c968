"""The host: a message in, an answer out. No sockets; what becomes of the answer on its way is said beside it."""

import msgspec

from yinyi.wire.iso8583.model import Profile
from yinyi.wire.iso8583.working_keys import KeyLayout
from yinyi_sandbox.bank.answers import Answers, with_batch
from yinyi_sandbox.bank.batches import Batches
from yinyi_sandbox.bank.days import Days
from yinyi_sandbox.bank.faults import Delivery, Fault, Faults, delivery_of
from yinyi_sandbox.bank.keys import begin_day, is_sealed
from yinyi_sandbox.bank.model import Reply, Session
from yinyi_sandbox.bank.requests import MONEY, Request, read_request
from yinyi_sandbox.bank.rules import Rules
from yinyi_sandbox.bank.store import Store

_SIGN_ON_AGAIN = ("77", "22")


class Host:
    """Everything that the bank does at a message."""

    def __init__(self, store: Store, days: Days, faults: Faults, layouts: dict[str, KeyLayout]) -> None:
        self._store = store
        self._days = days
        self._faults = faults
        self._layouts = layouts
        self._rules = Rules(store, days)
        self._batches = Batches(store, days)
        self._answers = Answers(store, days)

    def answer(self, profile: Profile, body: bytes) -> tuple[bytes, Delivery, int]:
        """The answer with its length before it, what becomes of it, and for how many milliseconds it is held.

        Raises:
            FieldError: the message is no request of this line.
        """
        came_at = self._days.now()
        request = read_request(profile, body, came_at, self._days.moment(came_at).day)
        fault = self._faults.take(request.kind)
        delivery = delivery_of(fault)
        if fault and fault.kind in ("ignored", "dropped"):
            return b"", delivery, 0
        reply = self._decide(request, fault)
        if fault and fault.kind == "cut_over":
            self._days.cut_over()
        session = self._store.session(request.merchant_no, request.terminal_no)
        written = self._answers.write(request, session, reply, fault.kind if fault else "")
        return written, delivery, fault.ms if fault else 0

    def _decide(self, request: Request, fault: Fault | None) -> Reply:
        session = self._store.session(request.merchant_no, request.terminal_no)
        if session is None:
            return Reply("97" if self._store.knows_merchant(request.merchant_no) else "03")
        if fault and fault.kind == "code":
            return Reply(fault.code)
        if fault and fault.kind == "signed_off":
            self._sign_off(session)
            return Reply(fault.code if fault.code in _SIGN_ON_AGAIN else "77")
        if code := self._stops(session, request):
            return Reply(code)
        return self._obey(session, request, fault.kind if fault else "")

    def _stops(self, session: Session, request: Request) -> str:
        """Why the message is not even looked at: 77 sign on, A0 wrong MAC, 95 settle to the end."""
        is_money = request.kind in MONEY
        if is_money and session.signed_on != request.day:
            return "77"
        if (is_money or request.mac) and not is_sealed(request.profile, session, request.mac_over, request.mac):
            return "A0"
        if is_money and request.kind != "reversal":
            if request.de60.batch_no != session.batch_no:
                return "77"
            return "95" if session.is_uploading else ""
        return ""

    def _obey(self, session: Session, request: Request, fault: str) -> Reply:
        match request.kind:
            case "sign_on":
                return self._sign_on(session, request, spoilt=fault == "wrong_check_value")
            case "sign_off":
                return self._sign_off(session)
            case "purchase":
                return self._rules.purchase(session, request)
            case "balance":
                return self._rules.balance(session, request)
            case "void":
                return self._rules.void(session, request)
            case "refund":
                return self._rules.refund(session, request)
            case "reversal":
                return self._rules.reversal(session, request)
            case "settle":
                return self._batches.settle(session, request, cannot_say=fault == "cannot_say")
            case "upload":
                return self._batches.upload(session, request)
            case "echo" | "script":
                return Reply("00")
            case _:
                return Reply("40")

    def _sign_on(self, session: Session, request: Request, *, spoilt: bool) -> Reply:
        code = request.de60.network_code
        signed_on, keys = begin_day(session, request.profile, code, self._layouts[code], self._days.today())
        self._store.put_session(signed_on)
        if spoilt:
            keys = keys[:-1] + bytes([keys[-1] ^ 1])
        return Reply("00", {60: with_batch(request, session.batch_no), 62: keys})

    def _sign_off(self, session: Session) -> Reply:
        self._store.put_session(msgspec.structs.replace(session, signed_on=""))
        return Reply("00")
