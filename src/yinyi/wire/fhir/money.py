"""What is to be paid, what has been, and stays with their accounts: as resources of FHIR R4."""

from yinyi.wire.fhir.shape import UNKNOWN, Shape

_ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

INVOICE = Shape(
    type="Invoice",
    key="invoice_no",
    columns={
        "invoice_no": "identifier[invoice].value",
        "form_no": "identifier[form].value",
        "patient_no": "subject.identifier|id:patient",
        "registration_no": "~registration.valueIdentifier|id:registration",
        "dept_code": "issuer.identifier|id:department",
        "doctor_code": "participant[0].actor.identifier|id:practitioner",
        "title": "type.text",
        "title_en": "~type-english.valueString",
        "ordered_at": "date",
        "version": "meta.versionId|text",
        "state": "~standing.valueCode|code:standing status|code:invoice",
        "total_fen": "totalGross|money",
        "refunded_fen": "~refunded.valueMoney|money",
        "busy": "~busy.valueBoolean",
        "paid_at": "~paid-at.valueDateTime",
        "receipt_no": "identifier[receipt].value",
        "payment_no": "~payment.valueIdentifier|id:payment",
        "line_count": "~line-count.valueInteger",
    },
)
_ITEM = {
    "item_code": "code.coding[item].code",
    "item_name": "code.text",
    "name_en": "~english.valueString",
    "category_code": "~category.valueCoding.code",
    "category_name": "~category.valueCoding.display",
    "unit": "quantity.unit",
    "quantity": "quantity.value",
    "price_fen": "~price.valueMoney|money",
    "amount_fen": "priceOverride|money",
    "line_no": "~line.valueInteger",
}
LINE = Shape(
    type="ChargeItem",
    fixed={"status": "billed"},
    otherwise={"subject": UNKNOWN},
    columns={
        **_ITEM,
        "invoice_no": "supportingInformation[type=Invoice].identifier|id:invoice",
        "remark": "note[0].text",
        "performed": "~performed.valueBoolean",
        "refunded": "~refunded-line.valueBoolean",
    },
)
STAY_ITEM = Shape(
    type="ChargeItem",
    fixed={"status": "billable"},
    otherwise={"subject": UNKNOWN},
    columns={**_ITEM, "charged_on": "occurrenceDateTime"},
)
_LIST = "contained[resourceType=List]."
_INVOICES = f"{_LIST}entry[*].item.identifier|id:invoice"
_OF_INVOICES = {
    f"{_LIST}id": "invoices",
    f"{_LIST}status": "current",
    f"{_LIST}mode": "snapshot",
    "request.reference": "#invoices",
}
_NOTICE = {"payment": UNKNOWN, "recipient": UNKNOWN}
_RECEIVED = {
    "payment_no": "payment.identifier|id:payment",
    "receipt_no": "identifier[receipt].value",
    "amount_fen": "amount|money",
}
BILL = Shape(
    type="PaymentNotice",
    otherwise=_NOTICE,
    columns={
        **_RECEIVED,
        "state": "~standing.valueCode|code:standing status|code:notice",
        "refunded_fen": "~refunded.valueMoney|money",
        "held_until": "~held-until.valueDateTime",
        "paid_at": "~paid-at.valueDateTime",
        "places": "extension[*place].extension[chinese].valueString",
        "places_en": "extension[*place].extension[english].valueString",
        "created": "created",
    },
)
"""What became of a reference: draft while invoices are only held."""
BILL_BACK = Shape(
    type="PaymentNotice",
    otherwise=_NOTICE,
    columns={
        "state": "~standing.valueCode|code:standing status|code:notice",
        "refunded_fen": "amount|money",
        "created": "created",
    },
)
POSTING = Shape(
    type="PaymentNotice",
    otherwise=_NOTICE,
    fixed=_OF_INVOICES,
    columns={
        **_RECEIVED,
        "ref": "identifier[bill].value ?identifier[bill-refund].value",
        "kind": "~kind.valueCode",
        "state": "~standing.valueCode|code:standing status|code:notice",
        "invoice_nos": _INVOICES,
        "means": "~means.valueCode",
        "made_at": "created",
    },
)
POSTED_BACK = Shape(
    type="PaymentNotice",
    otherwise=_NOTICE,
    fixed=_OF_INVOICES,
    columns={**POSTING.columns, "ref": "identifier[bill-refund].value"},
)
_CHOSEN = "parameter[*invoice].valueReference."
HOLD_INVOICES = Shape(
    type="Parameters",
    columns={
        "ref": "parameter[bill].valueIdentifier|id:bill",
        "invoice_nos": f"{_CHOSEN}identifier|id:invoice",
        "versions": f"{_CHOSEN}~version.valueInteger",
        "until": "parameter[until].valueDateTime",
    },
)
RELEASE_INVOICES = Shape(type="Parameters", columns={"ref": "parameter[bill].valueIdentifier|id:bill"})
_PAID = {
    "amount_fen": "amount|money",
    "payment_no": "payment.identifier|id:payment",
    "means": "~means.valueCode",
    "paid_at": "~paid-at.valueDateTime created",
}
PAY_INVOICES = Shape(
    type="PaymentNotice",
    fixed={**_OF_INVOICES, "status": "active"},
    otherwise={"recipient": UNKNOWN},
    columns={
        **_PAID,
        "ref": "identifier[bill].value",
        "invoice_nos": _INVOICES,
        "versions": f"{_LIST}entry[*].item.~version.valueInteger",
    },
)
REFUND_INVOICE = Shape(
    type="Parameters",
    columns={
        "ref": "parameter[refund].valueIdentifier|id:bill-refund",
        "invoice_no": "parameter[invoice].valueReference.identifier|id:invoice",
        "line_nos": "parameter[*line].valueInteger",
        "amount_fen": "parameter[amount].valueMoney|money",
    },
)
POST_DEPOSIT = Shape(
    type="PaymentNotice",
    fixed={"status": "active", "request.type": "Account"},
    otherwise={"recipient": UNKNOWN},
    columns={**_PAID, "ref": "identifier[deposit].value", "admission_no": "request.identifier|id:admission"},
)
REVERSE_DEPOSIT = Shape(type="Parameters", columns={"ref": "parameter[deposit].valueIdentifier|id:deposit"})
RETURN_DEPOSIT = Shape(
    type="Parameters",
    columns={
        "ref": "parameter[return].valueIdentifier|id:deposit",
        "deposit_ref": "parameter[deposit].valueIdentifier|id:deposit",
        "amount_fen": "parameter[amount].valueMoney|money",
    },
)
_DEPOSITED = {
    **_RECEIVED,
    "admission_no": "request.identifier|id:admission",
    "state": "status|code:deposit",
    "returned_fen": "~refunded.valueMoney|money",
}
DEPOSIT = Shape(
    type="PaymentNotice",
    otherwise=_NOTICE,
    columns={
        **_DEPOSITED,
        "paid_at": "~paid-at.valueDateTime",
        "left_fen": "~left.valueMoney|money",
        "created": "created",
    },
)
LISTED_DEPOSIT = Shape(
    type="PaymentNotice",
    otherwise=_NOTICE,
    key="ref",
    columns={
        **_DEPOSITED,
        "ref": "identifier[deposit].value",
        "kind": "~kind.valueCode",
        "of_ref": "~of.valueIdentifier|id:deposit",
        "source": "~source.valueCode",
        "means": "~means.valueCode",
        "made_at": "created",
    },
)
ACCOUNT_CHARGE = Shape(
    type="PaymentNotice",
    otherwise=_NOTICE,
    fixed={"status": "active"},
    key="charge_no",
    columns={
        "charge_no": "identifier[account-charge].value",
        "institution": "~institution.valueString",
        "patient_no": "request.identifier|id:patient",
        "amount_fen": "amount|money",
        "returned_fen": "~refunded.valueMoney|money",
        "charged_at": "created",
    },
)
"""What the hospital has charged to a prepaid account; ``request`` names whose it is."""
_ACCOUNT = "contained[resourceType=Account]."
STAY = Shape(
    type="Encounter",
    key="admission_no",
    fixed={
        "class.system": _ACT_CODE,
        "class.code": "IMP",
        f"{_ACCOUNT}id": "account",
        f"{_ACCOUNT}status": "active",
        "account[0].reference": "#account",
    },
    columns={
        "admission_no": "identifier[admission].value",
        "patient_no": "subject.identifier|id:patient",
        "full_name": "subject.display",
        "ward_code": "location[0].location.identifier|id:ward",
        "ward_name": "location[0].location.display",
        "name_en": "~ward-english.valueString",
        "place": "~place.valueString",
        "bed_no": "~bed.valueString",
        "dept_code": "serviceProvider.identifier|id:department",
        "doctor_code": "participant[0].individual.identifier|id:practitioner",
        "doctor_name": "participant[0].individual.display",
        "diagnosis": "reasonCode[0].text",
        "admitted_at": "period.start",
        "discharged_at": "period.end",
        "state": "~standing.valueCode|code:standing status|code:stay",
        "settled_at": f"{_ACCOUNT}servicePeriod.end",
        "settlement_no": f"{_ACCOUNT}identifier[settlement].value",
        "charged_on": f"{_ACCOUNT}~charged-on.valueDate",
        "cost_fen": f"{_ACCOUNT}~cost.valueMoney|money",
        "deposit_fen": f"{_ACCOUNT}~deposited.valueMoney|money",
        "left_fen": f"{_ACCOUNT}~left.valueMoney|money",
    },
)
COST_DAY = Shape(
    type="",
    fixed={"name": "day"},
    columns={
        "charged_on": "part[date].valueDate",
        "amount_fen": "part[amount].valueMoney|money",
        "running_fen": "part[running].valueMoney|money",
        "item_count": "part[items].valueInteger",
    },
)
COST_CATEGORY = Shape(
    type="",
    fixed={"name": "category"},
    columns={
        "category_code": "part[category].valueCoding.code",
        "category_name": "part[category].valueCoding.display",
        "name_en": "part[english].valueString",
        "amount_fen": "part[amount].valueMoney|money",
    },
)
