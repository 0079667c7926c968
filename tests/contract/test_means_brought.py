"""A channel from another package: chosen at a terminal by its own name, paid at its own sandbox, on slips and in the
books, and still readable once it has gone."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from bill_hall import TILL, BillHall, bill_hall
from structlog.testing import capture_logs

from yinyi.app.channels import channel_of, channels_of, merchants_of
from yinyi.app.check_plugin import as_if_installed
from yinyi.app.data_folder import DataFolder
from yinyi.app.demo_hospital import HOSPITAL_ID
from yinyi.app.embedded.postgres import EmbeddedPostgres
from yinyi.app.errors import CannotStart
from yinyi.app.new_connector.lay_down import lay_down
from yinyi.app.paid_for import papers_of
from yinyi.app.people import MasterIndex
from yinyi.app.plugins import build_plugin
from yinyi.bus.operation import Caller
from yinyi.business.documents.model import RefundSlip
from yinyi.business.ledger.model import channel_account
from yinyi.business.payments import means_store
from yinyi.business.payments.means import MeansBook
from yinyi.business.payments.messages import ChooseTender, GetPayment, RefundPayment
from yinyi.business.terminals.messages import GetTerminal
from yinyi.conformance.place import Ground, ground
from yinyi.kernel.clock import ShiftedClock
from yinyi.kernel.errors import ChannelUnavailable
from yinyi.kernel.far_side import FarDatabase
from yinyi.kernel.means import MeansWords, PaymentMeans
from yinyi.kernel.money import Fen
from yinyi.kernel.plugin import PluginKind, Surroundings

CITY_PAY = "city_pay"


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataFolder:
    """A data folder, on a machine on which somebody has installed the connector that is laid down."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    as_if_installed(lay_down("payment", CITY_PAY, tmp_path), tmp_path / "scratch")
    folder = DataFolder(tmp_path / "var")
    folder.plugins.mkdir(parents=True)
    return folder


@asynccontextmanager
async def connected(folder: DataFolder) -> AsyncGenerator[tuple[Any, Any, PaymentMeans]]:
    """The connector, its far side, and what it is called, as a business process has them."""

    async def no_database() -> FarDatabase:
        raise AssertionError

    folder.path.joinpath("sandbox").mkdir()
    sandbox = import_module("city_pay.sandbox").far_side
    async with ground(folder.path / "sandbox", no_database) as place, sandbox(place) as far:
        (folder.plugins / f"{CITY_PAY}.json").write_text(json.dumps(far.settings))
        found = channels_of(folder)
        means = found[CITY_PAY]
        assert list(found) == [CITY_PAY]
        assert means is not None
        channel, config = build_plugin(CITY_PAY, "payment", folder, _around(place))
        assert list(merchants_of(CITY_PAY, config)) == ["outpatient"]
        yield channel, far, means
        await channel.stop()


def _around(place: Ground) -> Surroundings:
    return Surroundings(clock=place.clock, callback_url=place.callback_url)


def test_it_is_chosen_paid_and_given_back(packages: DataFolder, platform_url: str, postgres: EmbeddedPostgres) -> None:
    async def story() -> None:
        async with (
            connected(packages) as (channel, far, means),
            bill_hall(platform_url, postgres, brought={CITY_PAY: (channel, means)}) as hall,
        ):
            await paid_and_given_back(hall, far, means)
            await remembered(hall)

    asyncio.run(story())


async def paid_and_given_back(hall: BillHall, far: Any, means: PaymentMeans) -> None:
    [told] = (await hall.at_screen(GetTerminal())).means
    assert told == MeansWords(tender=CITY_PAY, name=means.name, name_en=means.name_en, icon="smartphone")
    bill = (await hall.ordered())[0]
    opened = (await hall.pay([bill])).payment
    assert opened.tenders == ["wechatpay", "alipay", CITY_PAY]
    number = opened.payment_no
    await hall.at_screen(ChooseTender(payment_no=number, tender=CITY_PAY))
    await hall.rests(number)
    shown = await hall.at_screen(GetPayment(number=number))
    assert (shown.state, shown.tender) == ("waiting", CITY_PAY)
    assert far.payer.asked_fen(shown.code_url) == bill.total_fen
    assert far.payer.pay(shown.code_url)
    await hall.ends(number)
    paid = await hall.at_screen(GetPayment(number=number))
    assert (paid.state, paid.tender, paid.taken_fen) == ("fulfilled", CITY_PAY, bill.total_fen)
    account = channel_account(CITY_PAY, "outpatient")
    assert await hall.balance(account) == bill.total_fen
    back = RefundPayment(payment_no=number, reason="开错了")
    await hall.ask(Caller.STAFF, back, staff=TILL)
    await hall.ends(number)
    assert far.payer.refunded_fen(shown.code_url) == bill.total_fen
    assert await hall.balance(account) == 0
    at = (hall.business.outside, MasterIndex(hall.business.database), hall.business.terminals.directory)
    async with hall.business.database.transaction() as tx:
        slip = (await papers_of(*at, hall.business.payments.registry).slip(tx, hall.call("A"), number)).slip
    assert isinstance(slip, RefundSlip)
    assert (slip.channel, slip.names) == (CITY_PAY, {CITY_PAY: means.name})
    unknown = (await hall.pay([(await hall.ordered())[0]])).payment.payment_no
    with pytest.raises(ChannelUnavailable):
        await hall.at_screen(ChooseTender(payment_no=unknown, tender="nobody_knows"))


async def remembered(hall: BillHall) -> None:
    """Once it has gone, what it was called is still known; what is called otherwise now is called so."""
    now = hall.business.clock.now()
    renamed = PaymentMeans(name="新名字", name_en="New name", icon="wallet")
    async with hall.business.database.transaction() as tx:
        await means_store.remember(tx, HOSPITAL_ID, hall.business.outside.means, now)
        without = MeansBook()
        await means_store.remember(tx, HOSPITAL_ID, without, now)
        known = without.of(CITY_PAY)
        assert known is not None
        assert known == hall.business.outside.means.of(CITY_PAY)
        await means_store.remember(tx, HOSPITAL_ID, MeansBook({CITY_PAY: renamed}), now)
        await means_store.remember(tx, HOSPITAL_ID, without, now)
        assert [each.both for each in without.words()] == ["新名字 New name"]


def test_limits_are_kept() -> None:
    book = MeansBook({CITY_PAY: PaymentMeans(name="码", name_en="Pay", least_fen=Fen(100), most_fen=Fen(500))})
    assert [book.takes(CITY_PAY, fen) for fen in (99, 100, 500, 501)] == [False, True, True, False]
    assert book.takes("wechatpay", 1)


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"name": "一二三四五六七八九"}, {"name_en": "x" * 21}, {"icon": "lion"}, {"most_fen": 0}]
)
def test_words_that_do_not_fit(wrong: dict[str, Any]) -> None:
    made: Any = PaymentMeans
    with pytest.raises(ValueError):
        made(**({"name": "码", "name_en": "Pay"} | wrong))


def test_no_channel_is_called_like_another_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    as_if_installed(lay_down("payment", "window", tmp_path), tmp_path / "scratch")
    folder = DataFolder(tmp_path / "var")
    folder.plugins.mkdir(parents=True)
    (folder.plugins / "window.json").write_text("{}")
    with pytest.raises(CannotStart, match="window"):
        channels_of(folder)


def test_one_that_cannot_be_built_is_left_out_and_named(packages: DataFolder) -> None:
    def build(name: str, kind: PluginKind) -> tuple[Any, Any]:
        return build_plugin(name, kind, packages, Surroundings(clock=ShiftedClock(), callback_url=""))

    settings = packages.plugins / f"{CITY_PAY}.json"
    for wrong in ('{"url": 1}', "{", '{"url": "http://h"}'):
        settings.write_text(wrong)
        with capture_logs() as told:
            assert channel_of(CITY_PAY, build) is None
        [line] = told
        assert (line["event"], line["name"]) == ("plugin.broken", CITY_PAY)
        assert str(settings) in line["why"]
    settings.write_text('{"url": "http://h", "merchants": {"outpatient": {"number": "1", "key": "k"}}}')
    found = channel_of(CITY_PAY, build)
    assert found is not None
    assert list(found[1]) == ["outpatient"]
    (packages.plugins / "wechatpay.json").write_text("{}")
    with pytest.raises(CannotStart, match="wechatpay"):
        channel_of("wechatpay", build)
