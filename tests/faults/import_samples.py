"""A few patients and balances of a former system."""

from import_stage import money, person

FEW = range(1, 8)
FEN = sum(100 * n + 50 for n in FEW)


def few() -> tuple[list[str], list[str]]:
    return [person(n) for n in FEW], [money(n) for n in FEW]


ALL_OF_FEW = {"patients": 7, "bindings": 14, "entries": 7, "postings": 7, "fen": FEN, "opened_fen": FEN}
NOTHING = dict.fromkeys(ALL_OF_FEW, 0)
