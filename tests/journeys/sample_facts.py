"""Who stands before the screen in the samples of pages, and which doctors, departments and visits they show."""

from datetime import UTC, date, datetime, time, timedelta

import msgspec

from yinyi.interface.journeys import views, views_register

NOW = datetime(2026, 11, 23, 1, 26, tzinfo=UTC)
"""9:26 in the hospital."""
TODAY = date(2026, 11, 23)
WINDOW = views.Counter(name="一楼 3 号窗口", name_en="Window 3, floor 1", open_until=time(17, 30))
TRIAGE = views.Counter(name="一楼大厅导诊台", name_en="the desk in the main hall", open_until=time(17, 30))
PATIENT = views.PatientChip(name="张*国", age=68, number_tail="1236")
CHROME = views.Chrome(
    hospital="云山市人民医院",
    hospital_en="Yunshan People's Hospital",
    terminal="03 号机",
    place="一楼大厅",
    place_en="Main hall, floor 1",
    now=NOW,
    here="/kiosk/",
    csrf="t0ken",
    window=WINDOW,
    triage=TRIAGE,
)
AT_SEVEN = msgspec.structs.replace(WINDOW, open_until=None, opens_at=time(7))
NIGHT = msgspec.structs.replace(CHROME, window=AT_SEVEN, triage=AT_SEVEN)
"""Nobody is at the desk, and nobody at the window before seven."""
KEY = "7Q4281ab"
Sample = tuple[views.View, views.Chrome]
"""What is on a page and what is around it."""


def someone(**facts: object) -> views.Chrome:
    return msgspec.structs.replace(CHROME, patient=PATIENT, **facts)


NOBODY, SOMEONE, REGISTERING = CHROME, someone(), someone(steps=views.REGISTER_STEPS)
TAKE_CARD = someone(steps=views.REGISTER_STEPS, pay_card_in=True)


def _department(department_id: str, name: str, name_en: str, floor: int, area: str) -> views_register.DepartmentChoice:
    return views_register.DepartmentChoice(
        department_id=department_id,
        name=name,
        name_en=name_en,
        building="门诊楼",
        floor=floor,
        area=area,
        building_en="Outpatient Building",
    )


DEPARTMENTS = (
    _department("D01", "普通内科", "General Medicine", 2, "A"),
    _department("D02", "心血管内科", "Cardiology", 2, "B"),
    _department("D03", "骨科", "Orthopaedics", 3, "A"),
    _department("D04", "眼科", "Ophthalmology", 4, "C"),
    _department("D05", "耳鼻咽喉头颈外科", "Ear, Nose, Throat, Head and Neck Surgery", 4, "A"),
    _department("D06", "儿科", "Paediatrics", 1, "D"),
    _department("D07", "皮肤科", "Dermatology", 3, "C"),
    _department("D08", "消化内科", "Gastroenterology", 2, "C"),
)
HEART = DEPARTMENTS[1]


def _at(hours: int, minutes: int = 0) -> datetime:
    return datetime(2026, 11, 23, hours, minutes, tzinfo=UTC) - timedelta(hours=8)


def _doctor(number: int, name: str, title: views.Title, specialty: str, **facts: object) -> views_register.DoctorRow:
    row = views_register.DoctorRow(
        schedule_id=f"S{number}",
        practitioner_id=f"P{number}",
        name=name,
        title=title,
        specialty=specialty,
        in_room=True,
        taken=22,
        left=8,
        fee_fen=5000,
        starts_at=_at(8),
        ends_at=_at(11, 30),
        state="open",
    )
    return msgspec.structs.replace(row, **facts)


DOCTORS = (
    _doctor(1, "李明华", "chief", "高血压、冠心病", specialty_en="High blood pressure, coronary heart disease"),
    _doctor(
        2,
        "周雅琴",
        "associate_chief",
        "心律失常、心力衰竭",
        specialty_en="Irregular heartbeat, heart failure",
        taken=12,
        left=18,
        fee_fen=3000,
        in_room=False,
    ),
    _doctor(
        3,
        "䶮㛃𠅤",
        "attending",
        "普通门诊",
        taken=30,
        left=0,
        fee_fen=1500,
        state="full",
        later=views_register.Later(session="afternoon", left=6),
    ),
    _doctor(4, "王建国", "chief", "冠脉介入、支架术后", taken=0, left=0, in_room=False, state="stopped"),
    _doctor(5, "何静", "attending", "高血压复诊、开药", taken=15, left=15, fee_fen=1500),
    _doctor(6, "欧阳思源", "associate_chief", "心肌病、心脏康复", taken=27, left=3, fee_fen=3000),
    _doctor(7, "刘洋", "resident", "普通门诊", taken=5, left=25, fee_fen=1000, state="closed"),
)
INTRODUCTION = (
    "从事心血管内科临床、教学、科研工作三十年，擅长高血压、冠心病、心力衰竭的诊断和治疗，"
    "对疑难重症有丰富经验。每周一、三、五上午出专家门诊。"
)
VISIT = views_register.Visit(
    department=HEART,
    doctor="李明华",
    title="chief",
    room="205",
    service_date=TODAY,
    session="morning",
    expected_from=_at(10, 10),
    expected_until=_at(10, 30),
    number=23,
)


def subject_of(department: views_register.DepartmentChoice, number: int = 0, **facts: object) -> views.Subject:
    subject = views.Subject(
        purpose="registration",
        name=department.name,
        name_en=department.name_en,
        who=VISIT.doctor,
        number=number,
        again="/kiosk/register/doctors/D02",
    )
    return msgspec.structs.replace(subject, **facts)


SUBJECT = subject_of(HEART, VISIT.number, on=TODAY, session="morning")
SESSIONS = (
    views_register.SessionChoice(service_date=TODAY, session="morning", left=44, chosen=True),
    views_register.SessionChoice(service_date=TODAY, session="afternoon", left=61),
    views_register.SessionChoice(service_date=TODAY, session="night", left=0),
)
GROUPS = (
    views_register.DepartmentGroup(at="1", departments=DEPARTMENTS[5:6]),
    views_register.DepartmentGroup(
        at="2", departments=(DEPARTMENTS[0], DEPARTMENTS[1], DEPARTMENTS[7], DEPARTMENTS[2])
    ),
    views_register.DepartmentGroup(at="3", departments=(DEPARTMENTS[2], DEPARTMENTS[6])),
    views_register.DepartmentGroup(at="4", departments=DEPARTMENTS[3:5]),
)
LETTERS = tuple(
    views_register.DepartmentGroup(at=letter, departments=(department,))
    for letter, department in zip("EGPXYZ", (DEPARTMENTS[i] for i in (4, 2, 0, 1, 3, 7)), strict=True)
)
LAST = views_register.LastVisit(
    department=HEART,
    doctor="李明华",
    title="chief",
    visited_on=date(2026, 10, 12),
    practitioner_id="P1",
    here_today=True,
    schedule_id="S1",
)
