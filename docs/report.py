"""Makes `docs/report.svg`, the README's picture of a report: the timeline of the long night that the tests tell.

.uv/bin/uv run python docs/report.py
"""

from __future__ import annotations

import sys
from pathlib import Path

TOP = Path(__file__).parents[1]
PICTURE = Path(__file__).with_name("report.svg")


def main() -> None:
    """Write the picture."""
    sys.path.insert(0, str(TOP / "tests"))
    from report_story import long_night

    from cockpit.report.chronicle.chronicle import chronicle
    from cockpit.report.pages.axis import axis
    from cockpit.report.pages.chart_timeline import timeline
    from cockpit.report.pages.drawing import Painter
    from cockpit.report.pages.standouts import stand_outs
    from cockpit.report.search.moments import zone_called

    told = chronicle(long_night().events)
    assert told.began is not None
    assert told.ended is not None
    shared = axis(told.began, told.ended, [each.at for each in told.happenings], zone_called("Europe/Rome", None))
    specification = timeline(told, shared, stand_outs(told), wide=True) | {"background": "white"}
    words = (
        "Phases and steps as planned, pale, and as they were, dark; above them triggers, failures, holds, deviations."
    )
    PICTURE.write_text(Painter().draw(specification, "The timeline of a report", words).svg + "\n")


if __name__ == "__main__":
    main()
