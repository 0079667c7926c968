"""Lines of code of a new connector, as the tutorials lay it down (``make new-connector``): connector, settings, its
sandbox, its test and its project file; without blank lines, comments and docstrings."""

import sys

from bench.figures import Figures, Target, options, report
from yinyi.app.new_connector.lay_down import KINDS
from yinyi.app.new_connector.size import lines_of_connector

MOST = 150
TARGETS = {f"{kind}_lines": Target("<=", MOST) for kind in KINDS}


def measure() -> Figures:
    """Every figure of this file, by name."""
    return {f"{kind}_lines": lines_of_connector(kind) for kind in KINDS}


if __name__ == "__main__":
    given = options(__doc__)
    sys.exit(report("connectors", measure(), TARGETS, given.as_json))
