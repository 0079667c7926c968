"""The desk of the demo: everything around the kiosk that a person can put his hands on, in one place."""

import asyncio
import base64
import contextlib
from typing import Any, Literal

import msgspec
import segno

from yinyi.wire import resident_card
from yinyi_sandbox.alipay.model import Refusal as AlipayRefusal
from yinyi_sandbox.alipay.phone import Asked as AlipayAsked
from yinyi_sandbox.alipay.sandbox import Sandbox as Alipay
from yinyi_sandbox.bank.sandbox import Bank
from yinyi_sandbox.demo.answering import NothingToRead
from yinyi_sandbox.demo.branch import Branch
from yinyi_sandbox.demo.branch_book import Book
from yinyi_sandbox.demo.branch_line import INSTITUTION as BRANCH
from yinyi_sandbox.demo.branch_line import BranchLine
from yinyi_sandbox.demo.codes import read_code
from yinyi_sandbox.demo.counter import Counter
from yinyi_sandbox.demo.devices import Devices
from yinyi_sandbox.demo.doctor import Doctor
from yinyi_sandbox.demo.signed import SignedCaller
from yinyi_sandbox.demo.wallet import PayCard, Wallet
from yinyi_sandbox.demo.watch import Watch
from yinyi_sandbox.demo.window import Window
from yinyi_sandbox.demo.window_deposits import Deposits
from yinyi_sandbox.hospital.hospital import Hospital
from yinyi_sandbox.people.people import PEOPLE, DemoPerson, Kind, person
from yinyi_sandbox.settings import SandboxSettings
from yinyi_sandbox.wechatpay.model import Refusal
from yinyi_sandbox.wechatpay.phone import Asked
from yinyi_sandbox.wechatpay.sandbox import Sandbox as WechatPay

App = Literal["wechatpay", "alipay"]
OwnBehaviour = Literal["pays", "password", "no_money"]
"""What comes of the payer's own code, in either app."""
MOST_ORDERS = 20
KIOSK_ROWS, WINDOW_ROWS = 4, 10
SOMEBODY = "somebody"
"""Lies on the reader since before we were started."""
_REGISTER = """
WITH today AS (
    SELECT r.*, row_number() OVER (PARTITION BY r.source ORDER BY r.made_at DESC, r.ref) AS nth
    FROM his.registration r JOIN his.schedule s USING (schedule_id)
    WHERE r.no IS NOT NULL AND s.work_date = his.today_()
)
SELECT r.ref AS reference, r.state, r.source, r.no AS number, dp.dept_name AS department, d.doctor_name AS doctor
FROM today r
JOIN his.schedule s USING (schedule_id) JOIN his.department dp USING (dept_code) JOIN his.doctor d USING (doctor_no)
WHERE r.nth <= CASE r.source WHEN 'platform' THEN $1::int ELSE $2::int END
ORDER BY r.source = 'platform' DESC, r.nth
"""
"""The kiosk's own rows first, or the busy windows would push them out of sight."""


class Face(msgspec.Struct, frozen=True, kw_only=True):
    """A card in the tray, as it looks from above."""

    key: str
    kind: Kind
    name: str
    sex: str
    born_on: str
    phone: str
    about: str
    about_en: str


class Scanned(msgspec.Struct, frozen=True, kw_only=True):
    """What a phone read off the screen. ``asked``: what the app shows whose code it is."""

    text: str
    asked: Asked | AlipayAsked | None = None


class OwnCode(msgspec.Struct, frozen=True, kw_only=True):
    """The payer's own code on his phone. ``code_url``: as its app names what is made of it. ``picture``: a data URL."""

    payer_code: str
    code_url: str
    valid_for_s: float
    picture: str


class Desk:
    """Cards, papers, the phone, the counter, the window, the doctor's room and a bank's branch; ``watch`` tells how
    all of it stands."""

    def __init__(
        self, settings: SandboxSettings, hospital: Hospital, wechatpay: WechatPay, alipay: Alipay, bank: Bank
    ) -> None:
        self.devices = Devices(settings.data_dir / "devices")
        self.wallet = Wallet(bank, self.devices)
        self._platform = SignedCaller(
            settings.http_host,
            settings.http_port,
            settings.data_dir / "secrets" / "institution-his",
            settings.clock,
        )
        self.counter = Counter(self._platform)
        self.doctor = Doctor(self._platform, hospital)
        self.window = Window(self._platform, hospital)
        self.deposits = Deposits(self._platform, hospital)
        self.branch = _branch(settings, bank)
        self.hospital = hospital
        self.wechatpay = wechatpay
        self.alipay = alipay
        self.bank = bank
        self._laid = ""
        self.watch = Watch(
            {
                "kiosk": (1, self._kiosk),
                "papers": (1, self._papers),
                "sheets": (1, self._sheets),
                "orders": (1, self._orders),
                "wallet": (1, self._wallet),
                "register": (2, self._register),
                "faults": (2, self._faults),
                "calls": (5, self.counter.calls),
            }
        )

    async def stop(self) -> None:
        await self.watch.stop()
        await self.devices.close()
        await self.branch.close()
        await self._platform.close()

    def faces(self) -> list[Face]:
        return [_face(one) for one in PEOPLE]

    async def lay(self, key: str) -> None:
        """A card onto the reader; one that lies there is taken away first.

        Raises:
            KeyError: nobody has this key.
            AgentAway, Refused: see ``Devices``.
        """
        block = base64.b64encode(resident_card.encode(person(key).card)).decode()
        await self.devices.post("/reader/remove")
        await self.devices.post("/reader/lay", {"block": block})
        self._laid = key

    async def scan(self, picture: bytes) -> Scanned:
        """
        Raises:
            NothingToRead: see there.
        """
        text = await asyncio.to_thread(read_code, picture)
        if not text:
            raise NothingToRead
        for phone in (self.wechatpay.phone, self.alipay.phone):
            with contextlib.suppress(Refusal, AlipayRefusal):
                return Scanned(text=text, asked=phone.scan(text))
        return Scanned(text=text)

    def own_code(self, app: App, behaviour: OwnBehaviour) -> OwnCode:
        """A fresh one."""
        if app == "wechatpay":
            shown = self.wechatpay.phone.show_code("empty" if behaviour == "no_money" else behaviour)
        else:
            shown = self.alipay.phone.show(behaviour)
        picture = segno.make(shown.payer_code, error="m", micro=False).svg_data_uri(border=2, scale=4)
        return OwnCode(
            payer_code=shown.payer_code, code_url=shown.code_url, valid_for_s=shown.valid_for_s, picture=picture
        )

    async def hold(self, text: str) -> None:
        """Something under the kiosk's scanner.

        Raises:
            AgentAway, Refused: see ``Devices``.
        """
        await self.devices.post("/scanner/scan", {"text": text})

    async def collect(self, paper: int) -> dict[str, Any]:
        """The cashier scans the slip, takes the money and tells the platform.

        Raises:
            NothingToRead: the paper carries no code.
            AgentAway, Refused, PlatformAway, Problem: see there.
        """
        text = await asyncio.to_thread(read_code, await self.devices.paper(paper))
        if not text:
            raise NothingToRead
        return await self.counter.collect(text.rsplit("/", 1)[-1])

    # -- what there is to see

    async def _kiosk(self) -> dict[str, Any]:
        state = await self.devices.get("/state")
        card = (self._laid or SOMEBODY) if state["card_on_reader"] else ""
        told = {name: state[name] for name in ("connected", "terminal_id", "reader_light", "printer", "door", "camera")}
        pad = state.get("card_terminal")
        if pad is not None:
            pad["in_slot"] = pad["in_slot"][-4:]
        return {**told, "card": card, "card_terminal": pad}

    async def _wallet(self) -> list[PayCard]:
        return self.wallet.cards()

    async def _papers(self) -> list[int]:
        return (await self.devices.get("/printer/papers"))["papers"]

    async def _sheets(self) -> list[int]:
        return (await self.devices.get("/sheet_printer/papers"))["papers"]

    async def _orders(self) -> list[Asked | AlipayAsked]:
        phone = self.wechatpay.phone
        scanned = [phone.scan(order.code_url) for order in self.wechatpay.store.orders(MOST_ORDERS)]
        return [*scanned, *self.alipay.phone.orders(MOST_ORDERS)]

    async def _register(self) -> list[dict[str, Any]]:
        return [dict(row) for row in await self.hospital.pool.fetch(_REGISTER, KIOSK_ROWS, WINDOW_ROWS)]

    async def _faults(self) -> dict[str, Any]:
        return {
            "down": self.hospital.down,
            "hospital": await self.hospital.armed(),
            "wechatpay": self.wechatpay.faults.waiting(),
            "alipay": self.alipay.faults.waiting(),
            "bank": self.bank.faults.waiting(),
            "bank_lines": {name: line.state for name, line in self.bank.lines.items()},
        }


def _branch(settings: SandboxSettings, bank: Bank) -> Branch:
    secret_file = settings.data_dir / "secrets" / f"institution-{BRANCH}"
    line = BranchLine(settings.http_host, settings.socket_port, secret_file, settings.clock)
    own = settings.own_folder / "bank"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Branch(line, bank.store, Book(own / "branch.sqlite"), settings.clock)


def _face(one: DemoPerson) -> Face:
    card = one.card
    return Face(
        key=one.key,
        kind=one.kind,
        name=one.name,
        sex=card.sex,
        born_on=card.born_on.isoformat(),
        phone=one.phone,
        about=one.about,
        about_en=one.about_en,
    )
