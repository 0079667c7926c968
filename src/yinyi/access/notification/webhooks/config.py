"""Settings of what institutions are told at their own servers."""

import msgspec


class WebhooksConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """ca_file: certificates of those who vouch for the institutions' servers; empty: the usual ones of the web.
    call_timeout_s: for a whole call. connections: open at once, to all of them together. inside: all of these servers
    are in the hospital's own network, and are dialled straight although there is a relay."""

    ca_file: str = ""
    connect_timeout_s: float = 3.0
    call_timeout_s: float = 10.0
    connections: int = 40
    inside: bool = False
