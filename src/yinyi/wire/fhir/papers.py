"""Reports with results and pictures, and electronic receipts: as resources of FHIR R4."""

from yinyi.wire.fhir.shape import UNKNOWN, Shape

_STATE = "~stage.valueCode|code:stage status|code:report"

REPORT = Shape(
    type="DiagnosticReport",
    key="order_no",
    columns={
        "order_no": "identifier[order].value",
        "barcode": "identifier[tube].value",
        "kind_code": "category[0].coding[section].code|code:section",
        "patient_no": "subject.identifier|id:patient",
        "item_code": "code.coding[item].code",
        "item_name": "code.text",
        "name_en": "~english.valueString",
        "modality": "~modality.valueString",
        "specimen": "specimen[0].display",
        "specimen_en": "~specimen-english.valueString",
        "tube": "~tube.valueString",
        "sensitive": "meta.security[0].code|code:confidentiality",
        "state": _STATE,
        "version": "meta.versionId|text",
        "requested_at": "~requested-at.valueDateTime",
        "sampled_at": "effectiveDateTime",
        "issued_at": "issued",
        "invoice_no": "~invoice.valueIdentifier|id:invoice",
        "form_no": "basedOn[0].identifier|id:form",
        "dept_code": "~department.valueIdentifier|id:department",
        "doctor_code": "~requester.valueIdentifier|id:practitioner",
    },
)
REPORT_TEXT = Shape(
    type="DiagnosticReport",
    otherwise={"code": UNKNOWN},
    columns={
        "version": "meta.versionId|text",
        "state": _STATE,
        "issued_at": "issued",
        "findings": "~findings.valueString",
        "impression": "conclusion",
        "remark": "~remark.valueString",
        "reported_by": "resultsInterpreter[0].display",
        "reviewed_by": "resultsInterpreter[1].display",
    },
)
_MEASURED = {
    "unit": "valueQuantity.unit",
    "value": "valueQuantity.value",
    "word": "valueString",
    "value_text": "~shown.valueString ?valueString",
    "low": "referenceRange[0].low.value",
    "high": "referenceRange[0].high.value",
    "flag": "interpretation[0].coding[interpretation].code",
}
OBSERVATION = Shape(
    type="Observation",
    fixed={"status": "final"},
    columns={
        **_MEASURED,
        "rank": "~rank.valueInteger",
        "analyte_code": "code.coding[analyte].code",
        "analyte_name": "code.text",
        "name_en": "~english.valueString",
        "loinc": "code.coding[loinc].code",
        "expected": "referenceRange[0].text",
        "decimals": "~decimals.valueInteger",
    },
)
TREND = Shape(
    type="Observation",
    fixed={"status": "final"},
    columns={
        **_MEASURED,
        "analyte_code": "code.coding[analyte].code",
        "order_no": "~report.valueIdentifier|id:order",
        "version": "~report-version.valueInteger",
        "sampled_at": "effectiveDateTime",
    },
)
PICTURE = Shape(
    type="Media",
    fixed={"status": "completed"},
    columns={
        "nth": "~nth.valueInteger",
        "caption": "content.title",
        "caption_en": "~english.valueString",
        "byte_count": "content.size",
    },
)
FILE = Shape(type="Binary", columns={"content": "data", "kind": "contentType"})
_RECEIPT = {
    "code": "identifier[fiscal-code].value",
    "number": "identifier[fiscal-number].value",
    "check_code": "~check-code.valueString",
    "issued_at": "date",
    "amount_fen": "~amount.valueMoney|money",
    "url": "content[0].attachment.url",
    "digest": "~sha256.valueString",
    "printed": "~printed.valueBoolean",
}
_PAPER = {"content": [{"attachment": {"contentType": "application/pdf"}}]}
RECEIPT = Shape(
    type="DocumentReference",
    fixed={"status": "current"},
    otherwise=_PAPER,
    columns={**_RECEIPT, "due_at": "~due-at.valueDateTime"},
)
"""Without a date it is accepted and not issued yet."""
_OF = "relatesTo[code=appends].target.identifier|id:fiscal"
LISTED_RECEIPT = Shape(
    type="DocumentReference",
    fixed={"status": "current"},
    otherwise=_PAPER,
    columns={
        **_RECEIPT,
        "ref": "identifier[fiscal].value",
        "of_ref": _OF,
        "payment_no": "~payment.valueIdentifier|id:payment",
    },
)
NEW_RECEIPT = Shape(
    type="DocumentReference",
    fixed={"status": "current", "docStatus": "preliminary"},
    otherwise=_PAPER,
    columns={
        "ref": "identifier[fiscal].value",
        "payment_no": "~payment.valueIdentifier|id:payment",
        "patient_no": "subject.identifier|id:patient",
        "title": "description",
        "amount_fen": "~amount.valueMoney|money",
        "paid_at": "~paid-at.valueDateTime",
        "of_ref": _OF,
    },
)
"""A red one, where it is of another."""
PRINTED = Shape(type="Parameters", columns={"ref": "parameter[receipt].valueIdentifier|id:fiscal"})
