"""Opening time: 500 kiosks at once before a hospital that needs 300 ms for an answer and allows 20 calls, and two
business processes; and what each way to the hospital adds to a call of its bare protocol.

All of it goes over HTTP, as a kiosk's browser has it: each patient looks for his bills and his fees, chooses a clinic
and a doctor, sends the form with its token, and follows to the page of the number that is held for him. Whoever is told
his place in the line comes again as the page says. ``pages`` are all that came, ``error_pages`` those among them that
say that something went wrong; ``most_calls_at_once`` is counted by the hospital.
``…_added`` is our time for a call over the bare client's for the same call, less one: the median of pairs.
"""

import sys

import uvloop

from bench.figures import Figures, Target, options, report
from bench.opening_time import opening_time
from bench.ways import ways

ALLOWED = 20
TARGETS = {
    "error_pages": Target("==", 0),
    "holds_failed": Target("==", 0),
    "most_calls_at_once": Target("<=", ALLOWED),
    "calls_allowed_used": Target(">=", 0.8),
    "procedures_added": Target("<=", 0.3),
    "soap_added": Target("<=", 0.3),
    "fhir_added": Target("<=", 0.3),
}


async def measure(quick: bool) -> Figures:
    """Every figure of this file, by name."""
    storm = await opening_time(kiosks=100 if quick else 500, allowed=ALLOWED, answer_ms=300)
    return {**storm, **await ways(quick)}


if __name__ == "__main__":
    given = options(__doc__)
    sys.exit(report("hospital", uvloop.run(measure(given.quick)), TARGETS, given.as_json))
