"""What is said of notifications: whom they go to, what became of them, and that they are to be sent again."""

from typing import Annotated

import msgspec

from yinyi.bus.operation import Caller, Operation, operation
from yinyi.business.institutions.errors import InstitutionUnknown
from yinyi.business.institutions.messages import InstitutionId
from yinyi.business.subscriptions.errors import EndpointInvalid, NoSecretToSign, SubscriptionUnknown
from yinyi.business.subscriptions.model import KeptNotification, SubscriptionView, Topic
from yinyi.kernel.errors import NotYours
from yinyi.kernel.ids import WholeNumber

Endpoint = Annotated[str, msgspec.Meta(min_length=10, max_length=400)]
Topics = Annotated[list[Topic], msgspec.Meta(min_length=1, max_length=10)]
WhoseId = Annotated[str, msgspec.Meta(max_length=32)]
MOST_LISTED = 200
MOST_RESENT = 1000


class Subscriptions(msgspec.Struct, frozen=True, kw_only=True):
    """In the order of the institutions."""

    subscriptions: list[SubscriptionView]


class Notifications(msgspec.Struct, frozen=True, kw_only=True):
    """Oldest first. next_after: ask with it for those that follow; None: these are the last ones up to now."""

    notifications: list[KeptNotification]
    next_after: WholeNumber | None = None


class Resent(msgspec.Struct, frozen=True, kw_only=True):
    """So many of them are waiting to be sent now. next_first_no: where the range goes on behind these, to be asked for
    with a key of its own; None: there are no more in it."""

    waiting: int
    next_first_no: WholeNumber | None = None


@operation(callers=[Caller.STAFF])
class ListSubscriptions(Operation[Subscriptions], frozen=True, kw_only=True):
    """Who is told without asking, where, and whether it arrives."""


@operation(callers=[Caller.STAFF], changes=True, errors=(InstitutionUnknown, EndpointInvalid, NoSecretToSign))
class SetSubscription(Operation[Subscriptions], frozen=True, kw_only=True):
    """Tell an institution from now on what it wants to hear, at this address. The first thing that is sent there says
    just that."""

    institution_id: InstitutionId
    endpoint: Endpoint
    topics: Topics


@operation(callers=[Caller.STAFF], changes=True, errors=(SubscriptionUnknown,))
class EndSubscription(Operation[Subscriptions], frozen=True, kw_only=True):
    """Tell it nothing any more. What has not been delivered stays on record and is not sent."""

    institution_id: InstitutionId


@operation(
    callers=[Caller.HOSPITAL, Caller.INSTITUTION, Caller.STAFF],
    errors=(SubscriptionUnknown, InstitutionUnknown, NotYours),
)
class ListNotifications(Operation[Notifications], frozen=True, kw_only=True):
    """What an institution has been told and is about to be, behind ``after``: for one that was down, or that would
    rather ask than be told. institution_id: whose; empty: of whoever asks."""

    institution_id: WhoseId = ""
    after: WholeNumber = 0
    most: Annotated[int, msgspec.Meta(ge=1, le=MOST_LISTED)] = 100


@operation(
    callers=[Caller.HOSPITAL, Caller.INSTITUTION, Caller.STAFF],
    changes=True,
    errors=(SubscriptionUnknown, InstitutionUnknown, NotYours),
)
class ResendNotifications(Operation[Resent], frozen=True, kw_only=True):
    """Send these once more, from ``first_no`` to ``last_no``, both included, whether they were delivered or given up:
    the first 1000 of them, and where the others begin. An endpoint that is being left alone is tried at once."""

    institution_id: WhoseId = ""
    first_no: WholeNumber
    last_no: WholeNumber
