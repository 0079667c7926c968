"""Patients, those who treat them, and what they come for: as resources of FHIR R4, and what operations take."""

from yinyi.wire.fhir.shape import Shape

PATIENT = Shape(
    type="Patient",
    key="patient_no",
    columns={
        "patient_no": "identifier[patient].value",
        "full_name": "name[0].text",
        "sex_code": "gender|code:gender",
        "birth_date": "birthDate",
        "phone": "telecom[phone].value",
    },
)
NEW_PATIENT = Shape(
    type="Patient",
    columns={
        "ref": "identifier[creation].value",
        "doc_type": "identifier[use=official].system|system:document/",
        "doc_no": "identifier[use=official].value",
        "full_name": "name[0].text",
        "sex_code": "gender|code:gender",
        "birth_date": "birthDate",
        "phone": "telecom[phone].value",
        "address": "address[0].text",
        "nation": "~nation.valueString",
        "guardian_name": "contact[0].name.text",
        "guardian_phone": "contact[0].telecom[phone].value",
    },
)
DEPARTMENT = Shape(
    type="Organization",
    key="dept_code",
    fixed={"active": True, "type[0].coding[organization-kind].code": "department"},
    columns={
        "dept_code": "identifier[department].value",
        "parent_code": "partOf.identifier|id:department",
        "dept_name": "name",
        "name_en": "~english.valueString",
        "initial": "~initial.valueString",
        "building": "~building.valueString",
        "floor_no": "~floor.valueInteger",
        "area": "~area.valueString",
        "common_rank": "~common-rank.valueInteger",
        "building_en": "~building-english.valueString",
    },
)
PRACTITIONER = Shape(
    type="PractitionerRole",
    key="doctor_code",
    fixed={"active": True},
    columns={
        "doctor_code": "practitioner.identifier|id:practitioner",
        "doctor_name": "practitioner.display",
        "dept_code": "organization.identifier|id:department",
        "initials": "~initials.valueString",
        "title_code": "code[0].coding[title].code",
        "specialty": "specialty[0].text",
        "introduction": "~introduction.valueString",
        "specialty_en": "~specialty-english.valueString",
        "introduction_en": "~introduction-english.valueString",
    },
)
SCHEDULE = Shape(
    type="Schedule",
    key="schedule_id",
    columns={
        "schedule_id": "identifier[schedule].value|text",
        "doctor_code": "actor[type=Practitioner].identifier|id:practitioner",
        "dept_code": "actor[type=HealthcareService].identifier|id:department",
        "room": "actor[type=Location].display",
        "starts_at": "planningHorizon.start",
        "ends_at": "planningHorizon.end",
        "work_date": "~service-date.valueDate",
        "session_no": "~session.valueInteger",
        "fee_fen": "~fee.valueMoney|money",
        "capacity": "~capacity.valueInteger",
        "taken": "~taken.valueInteger",
        "in_room": "~in-room.valueBoolean",
        "status_code": "~sale.valueCode|code:sale active|code:active",
    },
)
SLOT = Shape(
    type="Slot",
    columns={
        "schedule_id": "schedule.identifier|id:schedule",
        "no": "~number.valueInteger",
        "starts_at": "start",
        "ends_at": "end",
        "status_code": "status|code:slot",
    },
)
VISIT = Shape(
    type="Encounter",
    fixed={
        "status": "finished",
        "class.system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "class.code": "AMB",
    },
    columns={
        "visit_date": "period.start",
        "dept_code": "serviceProvider.identifier|id:department",
        "doctor_code": "participant[0].individual.identifier|id:practitioner",
    },
)
_STANDS = {
    "state": "~standing.valueCode|code:standing status|code:appointment",
    "schedule_id": "supportingInformation[type=Schedule].identifier|id:schedule",
    "no": "~number.valueInteger",
    "starts_at": "start",
    "ends_at": "end",
    "held_until": "~held-until.valueDateTime",
    "room": "participant[actor.type=Location].actor.display",
    "registration_no": "identifier[registration].value",
}
_COMES = {"participant[actor.type=Location].status": "accepted"}
APPOINTMENT = Shape(type="Appointment", fixed=_COMES, columns={**_STANDS, "queue_ahead": "~queue-ahead.valueInteger"})
"""What became of a number."""
LISTED_APPOINTMENT = Shape(
    type="Appointment",
    key="ref",
    fixed={
        f"participant[actor.type={kind}].status": "accepted"
        for kind in ("Location", "Patient", "HealthcareService", "Practitioner")
    },
    columns={
        **_STANDS,
        "ref": "identifier[booking].value",
        "patient_no": "participant[actor.type=Patient].actor.identifier|id:patient",
        "dept_code": "participant[actor.type=HealthcareService].actor.identifier|id:department",
        "doctor_code": "participant[actor.type=Practitioner].actor.identifier|id:practitioner",
        "work_date": "~service-date.valueDate",
        "session_no": "~session.valueInteger",
        "fee_fen": "~fee.valueMoney|money",
        "made_at": "created",
    },
)
MISSED_APPOINTMENT = Shape(
    type="Appointment", key="ref", fixed={"status": "noshow"}, columns={"ref": "identifier[booking].value"}
)
"""One for which nobody came."""
_ASKED = "parameter[appointment-resource].resource."
_APPOINTMENT = {
    f"{_ASKED}resourceType": "Appointment",
    f"{_ASKED}participant[actor.type=Location].status": "needs-action",
}
HOLD = Shape(
    type="Parameters",
    fixed={
        **_APPOINTMENT,
        f"{_ASKED}status": "proposed",
        f"{_ASKED}participant[actor.type=Patient].status": "needs-action",
    },
    columns={
        "ref": f"{_ASKED}identifier[booking].value",
        "schedule_id": f"{_ASKED}supportingInformation[type=Schedule].identifier|id:schedule",
        "no": f"{_ASKED}~number.valueInteger",
        "patient_no": f"{_ASKED}participant[actor.type=Patient].actor.identifier|id:patient",
        "until": f"{_ASKED}~held-until.valueDateTime",
    },
)
"""Without a schedule: the hold of this reference goes on."""
BOOK = Shape(
    type="Parameters",
    fixed={**_APPOINTMENT, f"{_ASKED}status": "pending"},
    columns={
        "ref": f"{_ASKED}identifier[booking].value",
        "payment_no": f"{_ASKED}~payment.valueIdentifier|id:payment",
        "amount_fen": f"{_ASKED}~fee.valueMoney|money",
        "paid_at": f"{_ASKED}~paid-at.valueDateTime",
    },
)
CANCEL = Shape(
    type="Parameters",
    fixed={**_APPOINTMENT, f"{_ASKED}status": "cancelled"},
    columns={"ref": f"{_ASKED}identifier[booking].value", "free_at": f"{_ASKED}~free-at.valueDateTime"},
)
"""By ``$book``, as IHE ITI Scheduling has it."""
CHECK_IN = Shape(
    type="Parameters",
    columns={
        "ref": "parameter[check-in].valueIdentifier|id:check-in",
        "of_ref": "parameter[appointment-reference].valueReference.identifier|id:booking",
    },
)
CHANGE = Shape(
    type="Basic",
    fixed={"code.coding[basic-kind].code": "session-change"},
    columns={
        "change_no": "identifier[session-change].value|text",
        "schedule_id": "subject.identifier|id:schedule",
        "kind": "~change.valueCode|code:change",
        "doctor_code": "~practitioner.valueReference.identifier|id:practitioner",
        "made_at": "~changed-at.valueDateTime",
    },
)
