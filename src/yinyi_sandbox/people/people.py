"""The people of the demo and their cards. None of them exists: the county 99 in their numbers is given to nobody."""

from datetime import date
from typing import Literal

import msgspec

from yinyi.wire import gb11643
from yinyi.wire.resident_card import CardText

_FAR_AWAY = date(2099, 12, 31)
"""Longer than real cards are valid, so that the demo does not run out of them."""

Kind = Literal["resident_card", "hmt_resident_card", "permanent_resident_card"]


class OldRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What the hospital has of a person before the demo begins.

    visits: how many days ago, department's code; newest first.
    """

    patient_no: str
    visits: tuple[tuple[int, str], ...] = ()


class DemoPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody with a card in the tray.

    key: stable, for tests and addresses. records: none is a first visit, two is a document that leads to two patients.
    """

    key: str
    kind: Kind
    card: CardText
    phone: str
    records: tuple[OldRecord, ...] = ()
    about: str
    about_en: str

    @property
    def name(self) -> str:
        """As people call him: the Chinese name where there is one."""
        return self.card.name or self.card.name_en


def _resident(
    name: str,
    region: str,
    born_on: date,
    sequence: int,
    *,
    nation: str = "01",
    address: str,
    authority: str,
    for_ever: bool = False,
) -> CardText:
    return CardText(
        name=name,
        sex="male" if sequence % 2 else "female",
        nation=nation,
        born_on=born_on,
        address=address,
        number=gb11643.number_of(region, born_on, sequence),
        authority=authority,
        valid_from=date(2022, 5, 9),
        valid_to=None if for_ever else _FAR_AWAY,
    )


def _permit(name: str, region: str, born_on: date, sequence: int, travel_permit: str, address: str) -> CardText:
    return CardText(
        form="hmt",
        name=name,
        sex="male" if sequence % 2 else "female",
        born_on=born_on,
        address=address,
        number=gb11643.number_of(region, born_on, sequence),
        authority="海州市公安局",
        valid_from=date(2024, 3, 18),
        valid_to=_FAR_AWAY,
        travel_permit=travel_permit,
        issued_times="01",
    )


PEOPLE = (
    DemoPerson(
        key="wang-fang",
        kind="resident_card",
        card=_resident(
            "王芳", "320199", date(1991, 4, 16), 42, address="江苏省海州市云台区秋水路18号", authority="海州市公安局"
        ),
        phone="13900000001",
        records=(OldRecord(patient_no="2021000001", visits=((46, "0301"), (213, "0601"))),),
        about="来过两次，有就诊号",
        about_en="Has been here twice and has a number",
    ),
    DemoPerson(
        key="li-jianguo",
        kind="resident_card",
        card=_resident(
            "李建国",
            "320199",
            date(1945, 3, 12),
            117,
            address="江苏省海州市云台区东风里3号楼201",
            authority="海州市公安局",
            for_ever=True,
        ),
        phone="13900000002",
        records=(
            OldRecord(
                patient_no="2016000002", visits=((21, "0102"), (52, "0102"), (80, "0106"), (143, "0102"), (290, "0501"))
            ),
        ),
        about="八十一岁，每月看心血管内科",
        about_en="81 years old, sees a cardiologist every month",
    ),
    DemoPerson(
        key="sun-xiaomei",
        kind="resident_card",
        card=_resident(
            "孙晓梅", "340199", date(1998, 11, 2), 6, address="安徽省淮山市新桥区梧桐苑7栋", authority="淮山市公安局"
        ),
        phone="13900000003",
        about="第一次来这家医院",
        about_en="First time in this hospital",
    ),
    DemoPerson(
        key="chen-yutong",
        kind="resident_card",
        card=_resident(
            "陈雨桐", "320199", date(2019, 6, 1), 8, address="江苏省海州市云台区秋水路18号", authority="海州市公安局"
        ),
        phone="13900000001",
        records=(OldRecord(patient_no="2019000004", visits=((9, "0401"), (75, "0401"))),),
        about="孩子，看儿科",
        about_en="A child, sees the pediatrician",
    ),
    DemoPerson(
        key="liu-yan",
        kind="resident_card",
        card=_resident(
            "刘䶮", "420199", date(1986, 7, 23), 31, address="湖北省江夏市滨湖区长堤街2号", authority="江夏市公安局"
        ),
        phone="13900000005",
        records=(OldRecord(patient_no="2020000005", visits=((330, "0202"),)),),
        about="名字里有生僻字䶮",
        about_en="A rare character in the name: 䶮",
    ),
    DemoPerson(
        key="zhao-jie",
        kind="resident_card",
        card=_resident(
            "赵㛃", "370199", date(1975, 1, 30), 64, address="山东省岱岳市泉城区柳泉路66号", authority="岱岳市公安局"
        ),
        phone="13900000006",
        about="名字里有生僻字㛃，第一次来",
        about_en="A rare character in the name, 㛃; first visit",
    ),
    DemoPerson(
        key="zhou-wen",
        kind="resident_card",
        card=_resident(
            "周𠅤文", "330199", date(1969, 9, 9), 205, address="浙江省临安市西溪区竹径12号", authority="临安市公安局"
        ),
        phone="13900000007",
        records=(OldRecord(patient_no="2018000007", visits=((120, "0104"),)),),
        about="名字里有四字节的生僻字𠅤",
        about_en="A character beyond the basic plane in the name: 𠅤",
    ),
    DemoPerson(
        key="zhang-wei",
        kind="resident_card",
        card=_resident(
            "张伟", "320199", date(1980, 2, 29), 51, address="江苏省海州市港北区船厂路5号", authority="海州市公安局"
        ),
        phone="13900000008",
        records=(
            OldRecord(patient_no="2015000008", visits=((700, "0202"),)),
            OldRecord(patient_no="2022000009", visits=((88, "0503"),)),
        ),
        about="同一证件有两个就诊号，需到窗口合并",
        about_en="One document, two patient numbers: to be joined at a window",
    ),
    DemoPerson(
        key="wu-xiulan",
        kind="resident_card",
        card=_resident(
            "吴秀兰",
            "320199",
            date(1958, 12, 5),
            88,
            address="江苏省海州市港北区盐河巷9号",
            authority="海州市公安局",
            for_ever=True,
        ),
        phone="13900000009",
        records=(OldRecord(patient_no="083214", visits=((15, "0202"), (400, "0202"), (1500, "0501"), (2900, "0101"))),),
        about="旧就诊号，多年病历",
        about_en="An old number with many years of history",
    ),
    DemoPerson(
        key="abdurishit",
        kind="resident_card",
        card=_resident(
            "阿卜杜热西提·买买提",
            "650199",
            date(1993, 10, 11),
            73,
            nation="05",
            address="新疆维吾尔自治区天山市团结区光明路21号",
            authority="天山市公安局",
        ),
        phone="13900000010",
        about="名字很长，第一次来",
        about_en="A long name; first visit",
    ),
    DemoPerson(
        key="zheng-qiang",
        kind="resident_card",
        card=msgspec.structs.replace(
            _resident(
                "郑强", "410199", date(1987, 6, 18), 95, address="河南省嵩山市中原路30号", authority="嵩山市公安局"
            ),
            valid_from=date(2005, 8, 1),
            valid_to=date(2015, 8, 1),
        ),
        phone="13900000016",
        about="身份证已过期，第一次来，需到窗口",
        about_en="The card has run out; first visit: to a window",
    ),
    DemoPerson(
        key="chan-kahin",
        kind="hmt_resident_card",
        card=_permit("陳嘉欣", "810000", date(1988, 5, 20), 16, "H09999901", "江苏省海州市云台区海棠路1号"),
        phone="13900000011",
        records=(OldRecord(patient_no="2023000012", visits=((33, "0601"),)),),
        about="香港居民居住证",
        about_en="Residence permit, Hong Kong",
    ),
    DemoPerson(
        key="ho-kawai",
        kind="hmt_resident_card",
        card=_permit("何家偉", "820000", date(1979, 8, 8), 19, "M09999902", "江苏省海州市云台区海棠路2号"),
        phone="13900000012",
        about="澳门居民居住证，第一次来",
        about_en="Residence permit, Macao; first visit",
    ),
    DemoPerson(
        key="lin-yichun",
        kind="hmt_resident_card",
        card=_permit("林怡君", "830000", date(1996, 2, 14), 22, "99999903", "江苏省海州市云台区海棠路3号"),
        phone="13900000013",
        about="台湾居民居住证，第一次来",
        about_en="Residence permit, Taiwan; first visit",
    ),
    DemoPerson(
        key="martin-claire",
        kind="permanent_resident_card",
        card=CardText(
            form="permanent_2023",
            name="马可心",
            name_en="MARTIN, CLAIRE LOUISE",
            sex="female",
            nationality="FRA",
            born_on=date(1984, 7, 14),
            number=gb11643.number_of("932250", date(1984, 7, 14), 2),
            valid_from=date(2024, 1, 15),
            valid_to=_FAR_AWAY,
            issued_times="01",
        ),
        phone="13900000014",
        records=(OldRecord(patient_no="2024000015", visits=((61, "0302"),)),),
        about="外国人永久居留身份证（2023 版）",
        about_en="Foreign permanent resident, card of 2023",
    ),
    DemoPerson(
        key="tremblay-luc",
        kind="permanent_resident_card",
        card=CardText(
            form="permanent_2017",
            name_en="TREMBLAY, LUC",
            sex="male",
            nationality="CAN",
            born_on=date(1966, 3, 27),
            number="CAN320066032799",
            authority="3200",
            valid_from=date(2019, 9, 2),
            valid_to=_FAR_AWAY,
            version="01",
        ),
        phone="13900000015",
        about="外国人永久居留身份证（2017 版），第一次来",
        about_en="Foreign permanent resident, card of 2017; first visit",
    ),
)  # fmt: skip


def person(key: str) -> DemoPerson:
    """
    Raises:
        KeyError: nobody has this key.
    """
    for one in PEOPLE:
        if one.key == key:
            return one
    raise KeyError(key)
