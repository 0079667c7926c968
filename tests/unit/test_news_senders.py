"""Who may tell news is written by people: what would let in somebody else is refused; the document shows it right."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from yinyi.access.notification.mllp.config import MllpConfig
from yinyi.app.data_folder import DataFolder
from yinyi.app.errors import CannotStart
from yinyi.app.news_senders import news_settings
from yinyi.business.news.model import NewsSettings, ReportNews
from yinyi.business.news.reading import envelope, opened, told
from yinyi.wire.hl7.charset import encoded

DOCUMENT = (Path(__file__).parents[2] / "docs" / "integrate" / "hl7.md").read_text(encoding="utf-8")
GOOD = {"name": "lis", "application": "LIS", "facility": "H", "addresses": ["10.1.2.0/24"], "tells": ["report"]}


def written(folder: Path, *senders: Mapping[str, Any]) -> DataFolder:
    made = DataFolder(folder)
    made.plugins.mkdir(parents=True)
    (made.plugins / "hl7.json").write_bytes(msgspec.json.encode({"senders": senders}))
    return made


def test_nobody_tells_anything_where_nobody_was_let_in(tmp_path: Path) -> None:
    assert news_settings(DataFolder(tmp_path)) == NewsSettings()
    [sender] = news_settings(written(tmp_path, GOOD)).senders
    assert sender.tells == ("report",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"application": ""},
        {"addresses": []},
        {"addresses": ["10.1.2.9/24"]},
        {"addresses": ["everywhere"]},
        {"addresses": ["0.0.0.0/0"]},
        {"key_digest": "secret"},
        {"tells": []},
        {"tells": ["everything"]},
        {"kye_digest": "0" * 64},
    ],
    ids=str,
)
def test_what_would_let_in_somebody_else_is_refused(tmp_path: Path, wrong: Mapping[str, Any]) -> None:
    with pytest.raises(CannotStart):
        news_settings(written(tmp_path, {**GOOD, **wrong}))


def test_a_name_is_given_once(tmp_path: Path) -> None:
    with pytest.raises(CannotStart):
        news_settings(written(tmp_path, GOOD, {**GOOD, "application": "RIS"}))


def test_the_document_shows_what_is_understood() -> None:
    settings, receivers = re.findall(r"```json\n(.*?)```", DOCUMENT, re.DOTALL)
    senders = msgspec.json.decode(settings, type=NewsSettings)
    assert msgspec.json.decode(receivers, type=MllpConfig).receivers[0].wants == ("visit", "charge")
    [example] = re.findall(r"```\n(MSH.*?)```", DOCUMENT, re.DOTALL)
    message = opened(encoded(example.replace("|KEY|", "|test|").replace("\n", "\r"), "gb18030"), senders)
    assert envelope(message, "10.1.2.7", senders).sender.name == "laboratory"
    [report] = told(message, "report", ZoneInfo("Asia/Shanghai"))
    assert isinstance(report, ReportNews)
    assert (report.order_no, report.reviewed_by, report.observations[0].flag) == ("T2611230017", "孙检验", "H")
