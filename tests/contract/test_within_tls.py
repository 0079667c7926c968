"""Banks and the hospital's systems within TLS, with a certificate: whose it is, and what may be asked with it."""

import asyncio
import base64
import secrets
import shutil
import ssl
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import requests
import requests.adapters
from bank_terminal import BankTerminal, hmac_sm3
from holder_stage import HolderStage, play
from lxml import etree
from tls_hall import ASKED, CLIENTS, HOST, OURS, TlsHall, tls_hall
from tls_papers import Authority
from web_line import Signer
from zeep import Client
from zeep.exceptions import Fault
from zeep.transports import Transport

from yinyi.business.institutions.errors import (
    ClientCertificateKnown,
    ClientCertificatesEnough,
    ClientCertificateUnknown,
    ClientCertificateUnreadable,
)
from yinyi.business.institutions.messages import AddClientCertificate, ListInstitutions, RemoveClientCertificate
from yinyi.interface import within_tls
from yinyi.interface.soap.envelope import WSSE, WSU
from yinyi.wire import username_token

REFUSED = "SignatureRefused"


def test_whose_certificate_it_is(platform_url: str, tmp_path: Path) -> None:
    async def story(stage: HolderStage) -> None:
        async with tls_hall(stage, tmp_path) as hall:
            await named(hall)
            await by_rest(hall)
            await signed_all_the_same(hall)
            await nobody_of_the_list(hall)
            await over_a_line(hall)
            await asyncio.to_thread(by_soap, hall)
            await renewed(hall)

    play(platform_url, tmp_path, story)


async def named(hall: TlsHall) -> None:
    """What the staff says of them."""
    told = await hall.named("icbc", hall.papers("icbc"))
    [bank] = [each for each in told.institutions if each.institution_id == "icbc"]
    assert [(each.subject, each.suffices) for each in bank.certificates] == [("CN=icbc", True)]
    with pytest.raises(ClientCertificateKnown):
        await hall.named("ccb", hall.papers("icbc"))
    with pytest.raises(ClientCertificateUnreadable):
        await hall.staff(AddClientCertificate(institution_id="icbc", certificate="-----BEGIN CERTIFICATE-----"))
    await hall.named("ccb", hall.papers("ccb"), suffices=False)
    await hall.named("his", hall.papers("his"))


async def by_rest(hall: TlsHall) -> None:
    own = hall.knocks_with(hall.papers("icbc"))
    assert await hall.asks(own, hall.head()) == "", "no signature is needed"
    used = hall.head(nonce="n" * 32)
    assert [await hall.asks(own, used) for _ in range(2)] == ["", REFUSED], "it is good once"
    without = {name: value for name, value in hall.head().items() if "nonce" not in name}
    wrong = {
        "of another bank": (hall.knocks_with(hall.papers("ccb")), hall.head()),
        "its own, in another's name": (own, hall.head("ccb")),
        "its own, and it does not suffice": (hall.knocks_with(hall.papers("ccb")), hall.head("ccb")),
        "by the same authority, and nobody's": (hall.knocks_with(hall.papers("stranger")), hall.head()),
        "none": (hall.knocks_with(), hall.head()),
        "an hour old": (own, hall.head(age_s=3600)),
        "an hour early": (own, hall.head(age_s=-3600)),
        "without a nonce": (own, without),
        "with one that is none": (own, hall.head(nonce="n n")),
        "by nobody known": (own, hall.head("stranger")),
    }
    for what, (tls, head) in wrong.items():
        assert await hall.asks(tls, head) == REFUSED, what
    his = hall.knocks_with(hall.papers("his"))
    assert await hall.asks(his, hall.head("his"), "/api/v1/ListClosures") == ""
    assert await hall.asks(his, hall.head("his")) == "NotAllowed", "the hospital's systems have a door of their own"


async def signed_all_the_same(hall: TlsHall) -> None:
    """A signature is good within TLS as everywhere; but a certificate that is shown with it is one's own."""
    for who, shows, code in (
        ("ccb", "ccb", ""),
        ("ccb", "", ""),
        ("ccb", "icbc", REFUSED),
        ("icbc", "", ""),
        ("icbc", "stranger", REFUSED),
    ):
        signer = Signer(who, hall.secrets[who], hall.stage.line.clock, "HMAC-SHA256")
        head = signer.headers("POST", ASKED, b"{}") | {"content-type": "application/json"}
        tls = hall.knocks_with(hall.papers(shows) if shows else "")
        assert await hall.asks(tls, head) == code, (who, shows)


async def nobody_of_the_list(hall: TlsHall) -> None:
    """Openssl says so before a request has come."""
    stranger = Authority(hall.folder, "stranger").papers("icbc", at=hall.stage.line.clock.now())
    tls = hall.knocks_with(stranger)
    with pytest.raises((httpx.TransportError, ssl.SSLError)):
        await hall.asks(tls, hall.head())


async def over_a_line(hall: TlsHall) -> None:
    """Each frame is sealed as everywhere; the certificate stands beside it."""
    for shows, code in (("icbc", "OK"), ("", "OK"), ("ccb", REFUSED), ("stranger", REFUSED)):
        mac = partial(hmac_sm3, hall.secrets["line icbc"])
        bank = BankTerminal("icbc", "FRAME-HMAC-SM3", mac, hall.stage.line.clock.now)
        await bank.connect(hall.socket_port, hall.knocks_with(hall.papers(shows) if shows else ""))
        assert (await bank.sign_on()).code == code, shows
        if code == "OK":
            assert (await bank.ask("ListGiveBacks", {})).body["orders"] == []
        await bank.hang_up()


class NoPassword:
    """The UsernameToken of whoever shows a certificate."""

    def __init__(self, hall: TlsHall) -> None:
        self._hall = hall

    def apply(self, envelope: Any, headers: Any) -> Any:
        space = {"w": WSSE, "u": WSU}
        security = etree.Element(f"{{{WSSE}}}Security", nsmap=space)
        token = etree.SubElement(security, f"{{{WSSE}}}UsernameToken")
        for name, value in (
            (f"{{{WSSE}}}Username", "his"),
            (f"{{{WSSE}}}Nonce", base64.b64encode(secrets.token_bytes(16)).decode()),
            (f"{{{WSU}}}Created", username_token.created_of(self._hall.stage.line.clock.now())),
        ):
            etree.SubElement(token, name).text = value
        header = envelope.find("{*}Header")
        if header is None:
            header = etree.Element(etree.QName(etree.QName(envelope).namespace, "Header"))
            envelope.insert(0, header)
        header.append(security)
        return envelope, headers

    def verify(self, envelope: Any) -> None:
        """Of the answer: nothing."""


def by_soap(hall: TlsHall) -> None:
    session = requests.Session()
    session.trust_env = False
    session.verify = hall.authority.ca_file
    session.mount("https://", NoName())
    client: Any = Client(f"{hall.url}/soap?wsdl", wsse=NoPassword(hall), transport=Transport(session=session))
    service = client.bind("Yinyi", "YinyiSoap12")
    for shows, ends in (("his", None), ("stranger", REFUSED), ("", REFUSED)):
        session.cert = hall.papers(shows) if shows else None
        try:
            service.ListClosures()
            code = None
        except Fault as fault:
            code = cast(Any, fault).detail.findtext(".//{*}code")
        assert code == ends, shows
    session.close()


class NoName(requests.adapters.HTTPAdapter):
    """127.0.0.1 has none."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, assert_hostname=False)


async def renewed(hall: TlsHall) -> None:
    """Two at a time, until the old one has run out or is taken away."""
    clock = hall.stage.line.clock
    old, new = (hall.knocks_with(hall.papers(name, since_days=-2)) for name in ("icbc", "icbc-2"))
    await hall.named("icbc", hall.papers("icbc-2"))
    with pytest.raises(ClientCertificatesEnough):
        await hall.named("icbc", hall.papers("icbc-3"))
    days = {0: ("", REFUSED), 3: ("", ""), 30: (REFUSED, "")}
    began = clock.now()
    for day, codes in days.items():
        clock.at = began + timedelta(days=day)
        assert (await hall.asks(old, hall.head()), await hall.asks(new, hall.head())) == codes, day
    listed = (await hall.staff(ListInstitutions())).institutions
    [bank] = [each for each in listed if each.institution_id == "icbc"]
    await hall.staff(RemoveClientCertificate(institution_id="icbc", fingerprint=bank.certificates[-1].fingerprint))
    assert await hall.asks(new, hall.head()) == REFUSED, "taken away"
    with pytest.raises(ClientCertificateUnknown):
        await hall.staff(RemoveClientCertificate(institution_id="icbc", fingerprint="0" * 64))


def test_files_that_are_replaced_count_from_the_next_connection_on(
    platform_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(within_tls, "LOOKED_AT_EVERY_S", 0.0)

    async def story(stage: HolderStage) -> None:
        async with tls_hall(stage, tmp_path) as hall:
            await hall.named("icbc", hall.papers("icbc"))
            before = hall.knocks_with(hall.papers("icbc"))
            assert await hall.asks(before, hall.head()) == ""
            (hall.folder / OURS).write_text("half a file")
            assert await hall.asks(before, hall.head()) == "", "it is not taken"
            other = Authority(hall.folder, "other")
            shutil.copyfile(other.papers(HOST), hall.folder / OURS)
            with pytest.raises(httpx.ConnectError):
                await hall.asks(before, hall.head())
            assert await hall.asks(hall.knocks_with(hall.papers("icbc"), other.ca_file), hall.head()) == ""
            shutil.copyfile(other.ca_file, hall.folder / CLIENTS)
            with pytest.raises((httpx.TransportError, ssl.SSLError)):
                await hall.asks(hall.knocks_with(hall.papers("icbc"), other.ca_file), hall.head())

    play(platform_url, tmp_path, story)
