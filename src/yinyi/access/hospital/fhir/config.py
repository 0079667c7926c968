"""What the plugin has to be told."""

import msgspec

from yinyi.business.payments.rules import AskPace


class FhirConfig(msgspec.Struct, frozen=True, kw_only=True):
    """
    url: of the FHIR R4 server's base.
    token: sent as a bearer token; "": none is sent.
    mapping: file of the addresses and paths that the hospital has (see ``mapping.py``); "": ours.
    page: how many resources an answer may hold; most_pages: how many answers of one search are read.
    calls_at_once: the hospital's own limit for us, for all business processes together.
    calls_waiting: how many more may wait in each of them before the next is told at once that it is too many.
    call_timeout_s: after that a call's fate is unknown. connect_timeout_s: for our turn, and for a connection.
    pace: how often it is asked what became of a call whose fate is unknown.
    idle_s: an idle connection is closed then; sooner than the hospital's own server does.
    longest_answer: bytes.
    cache_s: how old departments and practitioners may be.
    rest_after: failures in a row after which the hospital is left alone for rest_s.
    """

    url: str
    token: str = ""
    mapping: str = ""
    page: int = 100
    most_pages: int = 50
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

    def __repr__(self) -> str:
        return "FhirConfig(…)"
