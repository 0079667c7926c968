"""What the plugin has to be told."""

import msgspec

from yinyi.business.payments.rules import AskPace


class ProceduresConfig(msgspec.Struct, frozen=True, kw_only=True):
    """
    url: of the hospital's database, with the role that may call the procedures; it holds a password. Its scheme says
        which: postgresql, mariadb (or mysql), oracle, sqlserver; ``?ca=file`` is the authority of the last three's TLS.
    mapping: file of the names that the hospital has for everything (see ``trades/names.py``); "": ours.
    calls_at_once: the hospital's own limit for us, for all business processes together; each of them may keep as many
        connections.
    calls_waiting: how many more may wait in each of them before the next is told at once that it is too many.
    call_timeout_s: after that a call's fate is unknown. connect_timeout_s: for our turn, and for a connection.
    pace: how often it is asked what became of a call whose fate is unknown.
    atomic: the procedures neither commit nor roll back by themselves, so a call that ends in the database's error has
        not happened; false: nobody knows, and what becomes of it is asked. Not of PostgreSQL, where every call is.
    cache_s: how old departments and practitioners may be.
    rest_after: failures in a row after which the hospital is left alone for rest_s.
    """

    url: str
    mapping: str = ""
    calls_at_once: int = 12
    calls_waiting: int = 4000
    call_timeout_s: float = 5.0
    connect_timeout_s: float = 3.0
    pace: AskPace = AskPace()
    atomic: bool = False
    cache_s: float = 30.0
    rest_after: int = 5
    rest_s: float = 1.0

    def __repr__(self) -> str:
        return "ProceduresConfig(…)"
