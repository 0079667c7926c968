"""What institutions are told without asking: subscriptions, and the notifications that leave. Plain data."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from yinyi.business.payments.model import PaymentReason, PaymentState, RefundState
from yinyi.kernel.ids import WholeNumber
from yinyi.kernel.means import MaybeTender
from yinyi.kernel.money import Fen

Topic = Literal[
    "subscription",  # the subscription itself was set: the first thing that an endpoint hears
    "payment",  # a payment has ended, or has ended again after a refund
]
NotificationState = Literal["waiting", "delivered", "given_up"]
"""``given_up``: it was tried for days; it is sent again once somebody asks for that."""

LADDER_S = (5, 30, 120, 600, 1800, 3600, 7200, 14400, *(28800,) * 7)
"""So long after the first, second… try comes the next one; behind the last it is given up, after some 60 hours."""


class PaymentNews(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it stands: not what has changed, so that the newest of several tells everything.

    version: grows with every change; whatever is older than what is known already is old news. ask_no: the short number
    that is on the slip. patient_no: the hospital's number. taken_fen, returned_fen: surely taken, surely given back.
    """

    payment_no: str
    ask_no: str
    version: WholeNumber
    purpose: str
    state: PaymentState
    reason: PaymentReason | Literal[""] = ""
    patient_no: str
    description: str
    amount_fen: Fen
    taken_fen: Fen
    returned_fen: Fen
    refunds: RefundState | Literal[""] = ""
    tender: MaybeTender = ""
    started_at: datetime
    paid_at: datetime | None = None
    ended_at: datetime | None = None


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an institution is told. notification_no: grows, with gaps; the same when it is sent again.
    payment: with the topic ``payment``."""

    notification_no: WholeNumber
    topic: Topic
    at: datetime
    payment: PaymentNews | None = None


class KeptNotification(Notification, frozen=True, kw_only=True):
    """With what became of it. tries: so often it was sent since it was wanted last; problem: how the last try ended,
    empty: well."""

    state: NotificationState
    tries: int = 0
    delivered_at: datetime | None = None
    problem: str = ""


class SubscriptionView(msgspec.Struct, frozen=True, kw_only=True):
    """waiting, given_up: so many notifications. failures: tries in a row that did not arrive; rest_until: then it is
    tried again."""

    institution_id: str
    endpoint: str
    topics: list[Topic]
    set_at: datetime
    waiting: int = 0
    given_up: int = 0
    failures: int = 0
    rest_until: datetime | None = None
    problem: str = ""


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A notification that is due, for whoever has claimed it; the newest claim learns what became of it. tries: before
    this one, since it was wanted last."""

    hospital_id: int
    institution_id: str
    notification_no: int
    topic: Topic
    at: datetime
    body: msgspec.Raw
    tries: int
    claim: int
    endpoint: str

    def content(self) -> bytes:
        """What is sent: a ``Notification`` as JSON."""
        told: dict[str, Any] = {"notification_no": self.notification_no, "topic": self.topic, "at": self.at}
        if self.topic == "payment":
            told["payment"] = self.body
        return msgspec.json.encode(told)


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a letter. tries: with this one. problem: empty: it arrived. next_at: when it is sent again; None:
    not by itself."""

    hospital_id: int
    institution_id: str
    notification_no: int
    claim: int
    tries: int
    problem: str
    next_at: datetime | None
    delivered_at: datetime | None


def learned(letter: Letter, problem: str, now: datetime) -> Learned:
    """What follows from how a try ended."""
    again = bool(problem) and letter.tries < len(LADDER_S)
    return Learned(
        hospital_id=letter.hospital_id,
        institution_id=letter.institution_id,
        notification_no=letter.notification_no,
        claim=letter.claim,
        tries=letter.tries + 1,
        problem=problem,
        next_at=now + timedelta(seconds=LADDER_S[letter.tries]) if again else None,
        delivered_at=None if problem else now,
    )


def put_back(letter: Letter, now: datetime) -> Learned:
    """It was not sent after all."""
    return msgspec.structs.replace(learned(letter, "put back", now), tries=letter.tries, problem="", next_at=now)


REST_S = LADDER_S[:6]
"""An endpoint that has taken nothing so often in a row is left alone so long; the last one over and over."""

Headers = Mapping[str, str]
