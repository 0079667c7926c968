"""Which addresses the patients of ``bench.pages`` look at: pages that change nothing, with something on each."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

import httpx

from bench.house import House, Screen
from yinyi.business.prepaid.messages import TopUp
from yinyi.business.scheduling.messages import ListDepartments, ListSchedules
from yinyi.kernel.money import Fen

BASE = "/kiosk"
LABORATORY_MOSTLY, ELSEWHERE = "1001", "0102"
"""Clinics that order."""
WARD = "H0105"
_T = TypeVar("_T")
_MOST_AT_ONCE = 8
_TO_BE_TESTED = """
SELECT EXISTS (
  SELECT FROM his.test_order JOIN his.panel p USING (item_code) JOIN his.panel_analyte USING (item_code)
  JOIN his.analyte a USING (analyte_code) WHERE patient_no = $1 AND NOT p.sensitive AND a.words = '{}')
"""
_TESTED = """
SELECT order_no, analyte_code
FROM his.test_order JOIN his.panel USING (item_code) JOIN his.report_result USING (order_no)
WHERE patient_no = $1 AND value IS NOT NULL AND NOT sensitive ORDER BY order_no, analyte_code LIMIT 1
"""
_IN_HOSPITAL = """
SELECT his.admit_($1, $2, his.instant_() - interval '2 days') AS admission_no, his.charge_stays_(his.today_() - 1)
"""
_CHARGED_ON = "SELECT max(charged_on) FROM his.stay_item WHERE admission_no = $1"


async def clinics(it: House, screen: Screen) -> list[str]:
    """Common ones."""
    asked = await it.kiosk.ask(ListDepartments(), credentials=screen.credentials)
    return [each.department_id for each in asked.reply.departments if each.common_rank][:4]


def registering(at: list[str]) -> list[str]:
    """Home, departments (three ways) and the doctors of a few clinics."""
    departments = ["/register/departments" + way for way in ("", "?by=floor", "?by=initial")]
    return _below(["/", *departments, *(f"/register/doctors/{clinic}" for clinic in at)])


async def of_everybody(it: House, screen: Screen, at: list[str]) -> dict[str, list[str]]:
    """By journey: the pages on which people choose and look, the same for all."""
    days = [datetime.now(UTC).date() + timedelta(days=n) for n in (1, 2)]
    booking = ["/book/departments", *(f"/book/{one}" for one in at)]
    for clinic in at:
        asked = ListSchedules(department_id=clinic, first_on=days[0], last_on=days[1])
        found = [each.schedule for each in (await it.kiosk.ask(asked, credentials=screen.credentials)).reply.sessions]
        booking += [f"/book/{clinic}/{on}" for on in days]
        booking += [f"/book/{clinic}/{each.service_date}/{each.schedule_id}" for each in found[:1]]
    pages = {
        "booking": booking,
        "check_in": ["/check-in"],
        "bills": ["/bills", "/fees"],
        "account": ["/account", "/account/top-up", "/account/withdraw"],
        "inpatient": ["/inpatient", "/inpatient?all=1"],
        "reports": ["/reports"],
        "oneself": ["/cards", "/children", "/reprint", "/payments", "/receipts"],
    }
    return {journey: _below(paths) for journey, paths in pages.items()}


async def of_each(it: House, screens: list[Screen]) -> dict[str, list[list[str]]]:
    """By journey, for each patient: the pages of what is his own, once the hospital has done its part for him."""
    async with httpx.AsyncClient(base_url=f"{it.sandbox_url}/hospital", timeout=60, trust_env=False) as hands:
        await _few_at_once(screens, lambda screen: _ordered(it, hands, screen.patient_no))
        await _done(hands, "laboratory/finish")
        return {
            "bills": await _few_at_once(screens, lambda screen: _bills(hands, screen.patient_no)),
            "reports": await _few_at_once(screens, lambda screen: _reports(it, screen.patient_no)),
            "inpatient": await _few_at_once(screens, lambda screen: _stay(it, hands, screen.patient_no)),
            "check": await _few_at_once(screens, lambda screen: _check(it, screen)),
        }


async def _ordered(it: House, hands: httpx.AsyncClient, patient_no: str) -> None:
    """Tests, paid at the window, until one of them gives a number; and something else, not paid."""
    while not await it.hospital.fetchval(_TO_BE_TESTED, patient_no):
        for number in await _done(hands, "doctors/order", patient_no=patient_no, dept_code=LABORATORY_MOSTLY):
            await _done(hands, "window/pay", invoice_no=number)
    await _done(hands, "doctors/order", patient_no=patient_no, dept_code=ELSEWHERE)


async def _bills(hands: httpx.AsyncClient, patient_no: str) -> list[str]:
    listed = (await hands.get("/invoices", params={"patient_no": patient_no})).raise_for_status().json()
    return _below([f"/bills/{each['invoice_no']}" for each in listed if each["state"] == "open"][:1])


async def _reports(it: House, patient_no: str) -> list[str]:
    tested = await it.hospital.fetchrow(_TESTED, patient_no)
    assert tested is not None, patient_no
    report = f"/reports/{tested['order_no']}"
    return _below([report, f"{report}/trend?of={quote(tested['analyte_code'])}"])


async def _stay(it: House, hands: httpx.AsyncClient, patient_no: str) -> list[str]:
    """Two days, and settled."""
    number = await it.hospital.fetchval(_IN_HOSPITAL, patient_no, WARD)
    await _done(hands, "wards/discharge", admission_no=number)
    await _done(hands, "wards/settle", admission_no=number)
    costs, on = f"/inpatient/{number}/costs", await it.hospital.fetchval(_CHARGED_ON, number)
    of_stay = ("", "/deposits", "/statement", "/return")
    return _below([costs, f"{costs}/{on}", *(f"/inpatient/{number}{each}" for each in of_stay)])


async def _check(it: House, screen: Screen) -> list[str]:
    """What he is about to pay; it can be paid for some minutes."""
    opened = await it.kiosk.ask(
        TopUp(amount_fen=Fen(100_00)), credentials=screen.credentials, key=f"check-{screen.terminal_id}-of-a-bench"
    )
    return _below([f"/register/check/{opened.reply.payment_no}"])


async def _done(hands: httpx.AsyncClient, what: str, **told: str) -> list[str]:
    answer = (await hands.post(f"/{what}", json=told)).raise_for_status().json()
    assert answer.get("code", "0") == "0", (what, told, answer)
    return answer.get("numbers", [])


async def _few_at_once(screens: list[Screen], act: Callable[[Screen], Awaitable[_T]]) -> list[_T]:
    room = asyncio.Semaphore(_MOST_AT_ONCE)

    async def one(screen: Screen) -> _T:
        async with room:
            return await act(screen)

    return await asyncio.gather(*map(one, screens))


def _below(paths: list[str]) -> list[str]:
    return [BASE + path for path in paths]
