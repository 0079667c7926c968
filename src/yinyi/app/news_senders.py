"""Who may tell news by HL7, as people wrote it: what would let in somebody else is refused at the start."""

import re
from ipaddress import ip_network

from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.settings import connector_settings
from yinyi.business.news.model import NewsSettings, Sender

HL7 = "hl7"


def news_settings(folder: DataFolder) -> NewsSettings:
    """Of ``plugins/hl7.json``; nobody may tell anything where there is none.

    Raises:
        CannotStart: it cannot be understood.
    """
    said = connector_settings(folder, HL7, NewsSettings)
    names = [each.name for each in said.senders]
    if len(set(names)) < len(names):
        raise CannotStart("The settings of hl7 name a sender twice.")
    for each in said.senders:
        _check(each)
    return said


def _check(sender: Sender) -> None:
    if not (sender.name and sender.application and sender.addresses and sender.tells):
        raise CannotStart("A sender of hl7 needs a name, an application, addresses, and something to tell.")
    if sender.key_digest and not re.fullmatch(r"[0-9A-Fa-f]{64}", sender.key_digest):
        raise CannotStart(f"The key_digest of {sender.name} must be 64 hexadecimal digits: SHA-256 of its key.")
    for each in sender.addresses:
        try:
            network = ip_network(each)
        except ValueError:
            raise CannotStart(f"The addresses of {sender.name} must be networks such as 10.1.2.0/24.") from None
        if not network.prefixlen and not sender.key_digest:
            raise CannotStart(f"{sender.name} may send from anywhere, and has no key_digest.")
