"""``Reports`` and ``ReportPictures``: what every connector to a hospital's reports has to do."""

from datetime import timedelta

from yinyi.business.billing.model import ChosenInvoice
from yinyi.business.billing.ports import Bills
from yinyi.business.reports.model import DiagnosticReport
from yinyi.business.reports.ports import ReportPictures, Reports
from yinyi.conformance.behaviour import NotTried, Script, equal, expect
from yinyi.conformance.hospital.actions import EVER
from yinyi.conformance.hospital.stage import Stage, reference
from yinyi.kernel.money import Fen
from yinyi.kernel.outcome import Done

READY = ("final", "corrected")
PICTURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")
"""How files of JPEG and PNG begin."""
_TRIES = 12

SCRIPT = Script((Reports, Bills))


async def requested(stage: Stage, department_id: str = "") -> tuple[str, list[DiagnosticReport]]:
    """An order that was paid, by our reference, and what is tested for it."""
    people = await stage.patient_numbers(50)
    ordered = await stage.hands.order(people[-1], department_id or stage.laboratory)
    made = [await stage.bills.invoice(one) for one in ordered]
    invoices = [one for one in made if one is not None]
    ref, fen = reference(), Fen(sum(one.total_fen for one in invoices))
    chosen = [ChosenInvoice(invoice_no=one.invoice_no, version=one.version) for one in invoices]
    paid = await stage.bills.settle_invoices(ref, chosen, fen, f"P{ref}", "alipay", await stage.now())
    expect(paid, Done)
    numbers = {one.invoice_no for one in invoices}
    found = await stage.reports.reports(people[-1], *EVER, 1000)
    return ref, [one for one in found if one.invoice_no in numbers]


async def as_it_is(stage: Stage, report: DiagnosticReport) -> DiagnosticReport:
    found = await stage.reports.report(report.order_no)
    assert found is not None
    return found


async def later(stage: Stage, minutes: int) -> None:
    await stage.pass_time(timedelta(minutes=minutes))
    await stage.hands.work()


async def finished(stage: Stage, department_id: str = "") -> list[DiagnosticReport]:
    _, asked = await requested(stage, department_id)
    await later(stage, 60)
    return [await as_it_is(stage, one) for one in asked]


@SCRIPT.behaviour()
async def what_was_paid_for_is_tested_step_by_step(stage: Stage) -> None:
    _, asked = await requested(stage)
    assert asked
    assert {one.state for one in asked} == {"ordered"}
    steps: list[str] = []
    for _ in range(8):
        steps.append((await as_it_is(stage, asked[0])).state)
        equal(bool(await stage.reports.report_texts(asked[0].order_no)), (steps[-1] in READY))
        await later(stage, 1)
    assert sorted(set(steps), key=steps.index) == ["ordered", "sampled", "testing", "final"]


@SCRIPT.behaviour()
async def a_result_is_within_its_range_or_flagged(stage: Stage) -> None:
    ready = await finished(stage)
    values = [one for report in ready for one in await stage.reports.observations(report.order_no, 1)]
    for one in values:
        if one.value is not None:
            high = one.high is not None and one.value > one.high
            low = one.low is not None and one.value < one.low
            assert one.flag in (("H", "HH") if high else ("L", "LL") if low else ("N",))
            equal(float(one.text), one.value)
            assert one.unit
        else:
            assert one.flag in ("N", "A")
            assert one.text
    for report in ready:
        [text] = await stage.reports.report_texts(report.order_no)
        assert bool(text.impression) == (report.kind == "examination")
        assert bool(await stage.reports.observations(report.order_no, 1)) == (report.kind == "laboratory")


@SCRIPT.behaviour()
async def a_tube_leads_to_what_is_in_it(stage: Stage) -> None:
    _, asked = await requested(stage)
    tubes = {one.barcode: one.tube for one in asked if one.kind == "laboratory"}
    for barcode in tubes:
        found = await stage.reports.reports_of_tube(barcode)
        assert {one.order_no for one in found} == {one.order_no for one in asked if one.barcode == barcode}
        assert {one.tube for one in found} == {tubes[barcode]}
    for number in ("", "nobody", asked[0].order_no, "9" * 400):
        equal(await stage.reports.reports_of_tube(number), [])
    for barcode in tubes:
        assert await stage.reports.report(barcode) is None


@SCRIPT.behaviour()
async def tests_that_were_given_back_are_gone_and_begun_ones_are_not(stage: Stage) -> None:
    ref, asked = await requested(stage)
    expect(await stage.bills.release_invoices(ref), Done)
    equal([await stage.reports.report(one.order_no) for one in asked], [None] * len(asked))
    ref, asked = await requested(stage)
    await later(stage, 3)
    assert not isinstance(await stage.bills.release_invoices(ref), Done)
    assert {(await as_it_is(stage, one)).state for one in asked} <= {"sampled", "testing"}


@SCRIPT.behaviour()
async def a_corrected_report_is_another_version(stage: Stage) -> None:
    for report in await finished(stage):
        before = await stage.reports.observations(report.order_no, 1)
        assert await stage.hands.correct(report.order_no)
        now = await as_it_is(stage, report)
        equal((now.state, now.version), ("corrected", 2))
        texts = await stage.reports.report_texts(report.order_no)
        equal([(one.version, one.state) for one in texts], [(2, "corrected"), (1, "final")])
        assert texts[0].remark
        after = await stage.reports.observations(report.order_no, 2)
        equal(await stage.reports.observations(report.order_no, 1), before)
        assert [one.analyte_code for one in after] == [one.analyte_code for one in before]
        if before and before[0].value:
            assert after[0].value != before[0].value
    assert not await stage.hands.correct("nobody")


@SCRIPT.behaviour()
async def a_trend_is_what_reports_have_said_newest_first(stage: Stage) -> None:
    ready = [one for one in await finished(stage) if one.kind == "laboratory"]
    patient_no = (await stage.patient_numbers(50))[-1]
    values = [(one.order_no, value) for one in ready for value in await stage.reports.observations(one.order_no, 1)]
    assert values, "a laboratory without a result"
    for order_no, value in values[:3]:
        trend = await stage.reports.trend(patient_no, value.analyte_code, 50)
        equal(
            [(one.text, one.value, one.unit) for one in trend if one.order_no == order_no],
            [(value.text, value.value, value.unit)],
        )
        equal(trend, sorted(trend, key=lambda one: one.sampled_at, reverse=True))
        equal(await stage.reports.trend(patient_no, value.analyte_code, 1), trend[:1])
    equal(await stage.reports.trend(patient_no, "no such analyte", 50), [])


@SCRIPT.behaviour(also=(ReportPictures,))
async def an_examination_has_the_pictures_that_were_announced(stage: Stage) -> None:
    for _ in range(_TRIES):
        for report in await finished(stage, stage.imaging):
            offered = await stage.pictures.report_pictures(report.order_no, report.version)
            equal([one.nth for one in offered], list(range(1, len(offered) + 1)))
            for one in offered:
                content = await stage.pictures.report_picture(report.order_no, report.version, one.nth)
                assert content is not None, "a picture that was announced is none"
                equal(len(content), one.byte_count)
                assert content.startswith(PICTURES), f"neither JPEG nor PNG: {content[:8]!r}"
            if offered:
                assert await stage.pictures.report_picture(report.order_no, report.version, 99) is None
                equal(await stage.pictures.report_pictures("nobody", 1), [])
                return
    raise NotTried("no examination in the sandbox has pictures (imaging)")
