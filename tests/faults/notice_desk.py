"""The HIS wants to hear of payments: its server, those who tell it, and what it can check by itself."""

import hashlib
import hmac
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from payment_checks import pay_in_time
from payment_world import World

from yinyi.app.people import MasterIndex
from yinyi.bus.call import Principal
from yinyi.bus.client import BusClient
from yinyi.bus.database import Database
from yinyi.bus.dispatch import Dispatcher
from yinyi.bus.envelope import RequestEnvelope
from yinyi.bus.operation import Caller, Operation, OperationSpec
from yinyi.business.institutions.desk import InstitutionDesk
from yinyi.business.institutions.messages import AddInstitution, ReplaceSecret
from yinyi.business.institutions.model import InstitutionKind
from yinyi.business.institutions.service import Institutions
from yinyi.business.payments.ends import Ends
from yinyi.business.subscriptions.messages import SetSubscription
from yinyi.business.subscriptions.model import Headers
from yinyi.business.subscriptions.notifier import Notifier
from yinyi.business.subscriptions.service import SubscriptionDesk
from yinyi.business.subscriptions.telling import Telling
from yinyi.kernel.secrets import Vault

R = TypeVar("R")
ENDPOINT = "https://his.example/told?by=yinyi"
SHANGHAI = ZoneInfo("Asia/Shanghai")


class Died(BaseException):
    """The process is gone: nobody catches this."""


@dataclass
class Server:
    """The institution's. ``answers``: of the next calls; then it takes everything."""

    answers: deque[str | BaseException] = field(default_factory=deque[str | BaseException])
    heard: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes = b""

    async def notify(self, endpoint: str, headers: Headers, content: bytes) -> str:
        self.headers, self.content = headers, content
        answer = self.answers.popleft() if self.answers else ""
        if isinstance(answer, BaseException):
            raise answer
        if not answer:
            self.heard.append(json.loads(content))
        return answer

    def numbers(self) -> list[int]:
        return [each["notification_no"] for each in self.heard]

    def signed_with(self, secret: str) -> bool:
        """Worked out as the page for integrators says, with nothing of ours."""
        parts = urlsplit(ENDPOINT)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        stamp, nonce = self.headers["X-Yinyi-Timestamp"], self.headers["X-Yinyi-Nonce"]
        lines = ["WEBHOOK", path, stamp, nonce, hashlib.sha256(self.content).hexdigest()]
        expected = hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
        return f"HMAC-SHA256={expected}" in self.headers["X-Yinyi-Signature"].split(", ")


class Asks:
    """Somebody of the staff, or an institution."""

    def __init__(self) -> None:
        self.who = Principal(caller=Caller.STAFF, hospital_id=1, staff_id="operator")

    async def verify(self, caller: Caller, envelope: RequestEnvelope, spec: OperationSpec) -> Principal:
        return self.who


class Office:
    """``turn``: what a business process does every second."""

    def __init__(self, it: World) -> None:
        self.it, self.server, self._asks, self._asked = it, Server(), Asks(), 0
        self._dispatcher = Dispatcher(it.database, self._asks, it.clock)
        self._client = BusClient(self, "console", it.clock)
        self.institutions = Institutions(it.database, Vault({1: b"k" * 32}, b"i" * 32), SHANGHAI)
        for desk in (InstitutionDesk(self.institutions, SHANGHAI), SubscriptionDesk(self.institutions)):
            desk.register(self._dispatcher)
        it.means.registry.told = frozenset(it.means.registry.purposes)
        self.ends = Ends(it.database, [Telling(it.means.registry, MasterIndex(it.database))], it.clock)
        self.notifier = self.another(it.database)

    def another(self, database: Database) -> Notifier:
        """Of another process."""
        return Notifier(database, self.institutions, self.server, self.it.clock)

    async def request(self, subject: str, data: bytes, timeout_s: float) -> bytes:
        return await self._dispatcher.answer(subject, data)

    async def says(self, message: Operation[R], key: str = "") -> R:
        self._asked += 1
        return (await self._client.ask(message, key=key or f"office-{self._asked:04}")).reply

    def asks_as(self, institution_id: str, caller: Caller = Caller.HOSPITAL) -> None:
        self._asks.who = Principal(caller=caller, hospital_id=1, institution_id=institution_id)
        self._client = BusClient(self, caller.value, self.it.clock)

    async def subscribes(self, institution_id: str = "his", kind: InstitutionKind = "hospital") -> str:
        """Its secret."""
        added = await self.says(AddInstitution(institution_id=institution_id, kind=kind, name=institution_id))
        await self.says(SetSubscription(institution_id=institution_id, endpoint=ENDPOINT, topics=["payment"]))
        return added.secret

    async def replaces(self) -> str:
        return (await self.says(ReplaceSecret(institution_id="his"))).secret

    async def pays(self) -> str:
        """The number of a payment that has ended, and was told."""
        plan = await pay_in_time(self.it)
        await self.ends.turn()
        return plan.payment_no

    async def turn(self, after: timedelta = timedelta()) -> None:
        """Until nothing more is due; ``after``: so much later."""
        self.it.clock.advance(after)
        while await self.ends.turn() + await self.notifier.turn():
            pass
