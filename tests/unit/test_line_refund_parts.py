"""Lines of a bill given back, by chance: the sums are the hospital's, never more than was paid, what was taken last
first."""

import pytest
from engine_world import START
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from test_payment_amounts import with_takes

from yinyi.business.billing.errors import LinesGivenBack, LineUnknown
from yinyi.business.billing.model import InvoiceLine
from yinyi.business.billing.refund_model import sum_of
from yinyi.business.payments import amounts, apply
from yinyi.business.payments.errors import LinesDone
from yinyi.business.payments.plan import REFUND
from yinyi.kernel.money import Fen


def line(number: int, fen: int, *, performed: bool = False, refunded: bool = False) -> InvoiceLine:
    return InvoiceLine(
        invoice_no="A",
        line_no=number,
        item_code="W",
        category_code="W",
        category="西药费",
        name="药",
        name_en="",
        unit="盒",
        quantity=1,
        price_fen=Fen(fen),
        amount_fen=Fen(fen),
        remark="",
        performed=performed,
        refunded=refunded,
    )


bills = st.lists(st.integers(1, 9999), min_size=1, max_size=8).map(
    lambda sums: [line(number, fen) for number, fen in enumerate(sums, 1)]
)


@given(bills, st.data())
def test_every_line_goes_back_once_to_where_it_came_from(lines: list[InvoiceLine], data: st.DataObject) -> None:
    total = sum(each.amount_fen for each in lines)
    cuts = sorted(data.draw(st.sets(st.integers(1, max(1, total - 1)), max_size=3)) if total > 1 else [])
    parts = [last - first for first, last in zip([0, *cuts], [*cuts, total], strict=True)]
    plan = with_takes([(fen, "done") for fen in parts])
    numbers = [each.line_no for each in lines]
    gone: set[int] = set()
    for number in data.draw(st.permutations(numbers)):
        amount = sum_of(lines, [number], gone)
        before = plan
        plan = apply.refunding(plan, amount, "why", START)
        gone.add(number)
        assert plan.refunds_fen - before.refunds_fen == amount == lines[number - 1].amount_fen
        assert plan.refunds_fen <= total
        left = [amounts.left_fen(plan, take) for take in plan.takes()]
        untouched = [fen == take.amount_fen for fen, take in zip(left, plan.takes(), strict=True)]
        assert untouched == sorted(untouched, reverse=True), "what was taken last goes back first"
        plan = replace(
            plan, steps=tuple(replace(each, state="done") if each.kind == REFUND else each for each in plan.steps)
        )
        with pytest.raises(LinesGivenBack):
            sum_of(lines, [number], gone)
    assert plan.returned_fen == total
    assert amounts.refundable_fen(plan) == 0


@given(bills, st.sets(st.integers(1, 8), min_size=1))
def test_a_wish_is_the_sum_of_its_lines_each_once(lines: list[InvoiceLine], wanted: set[int]) -> None:
    known = {each.line_no: each.amount_fen for each in lines}
    if wanted <= known.keys():
        assert sum_of(lines, [*wanted, *wanted], ()) == sum(known[number] for number in wanted)
    else:
        with pytest.raises(LineUnknown):
            sum_of(lines, list(wanted), ())


def test_what_was_done_or_given_back_is_not_given_back() -> None:
    lines = [line(1, 5), line(2, 7, performed=True), line(3, 9, refunded=True), line(4, 11)]
    assert sum_of(lines, [1, 4], ()) == 16
    for wanted, error in (([], LineUnknown), ([2], LinesDone), ([1, 3], LinesGivenBack), ([2, 3], LinesGivenBack)):
        with pytest.raises(error):
            sum_of(lines, wanted, ())
    with pytest.raises(LinesGivenBack):
        sum_of(lines, [1, 4], {4})
