"""How far marts are from what simulated people did, as a page of Markdown tables.

Run: .venv/bin/python -m bench.mart_errors [--hours 1] [--folder FOLDER] > docs/accuracy.md.
The fortnight takes two minutes or three; each rendered hour takes half an hour on two cores, and
what is rendered and seen stays in FOLDER, so that a run that ended early goes on from there. The
detector's weights are those of `footfall weights`, or what FOOTFALL_WEIGHTS names.

Belongs here: the page. Does not belong here: what is compared (`bench.mart_figures`,
`bench.way_figures`), and whose days (`tests.arcade_fortnight`, `bench.rendered_hours`).
"""

import argparse
import contextlib
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import mart_figures, way_figures
from bench.mart_figures import Made, Pairs
from bench.rendered_hours import FPS, hours
from footfall_dagster.settings import Settings
from footfall_dagster.warehouse import DuckDBWarehouse
from tests import arcade_fortnight
from tests.arcade_fortnight import DAYS, EMPTY, GAPS, MISSING
from tests.oracle.stored import materialise
from tests.oracle.truth import TrueDay

INTRODUCTION = """# Accuracy

How far the marts are from what people did, where that is known: in a simulated arcade of one floor
of 24 by 12 m, with staff, groups and a line before a till. `python -m bench.mart_errors` makes this
page. Dagster makes the marts, and the same figures are computed from the continuous paths of the
people, ten places a second.

**How to read it.** Bias is the mean of mart less truth, so above 0 the mart says too much. Mean
absolute error is of single figures: of one row, or of one day where it says so. Marts of ways are
compared twice: with whole people, of whom staff is known, and with the stretches of their paths
that the camera had in view, staff among them. What the second comparison leaves is coarsening (0.25
m and 1 s), detector and tracker; what the first has beyond it is what "within one view" means. Rows
without a figure, because a camera observed nothing or not the whole span, are left out. Lift and
support of `shop_affinity_weekly` are not compared: simulated people go to one shop. Nor are they
real people.
"""
RENDERED = """
## Detector, tracker and coarsening

Recordings of {hours} h with {people} people, by three cameras at {fps} frames a second, through the
whole product: {weights}, tracker, wall, marts. Beside it the same people followed without a fault,
so the difference of the two is what detector and tracker do.

| mart | figure | unit | figures | mean truth | bias | mean absolute error | bias, perfect tracks \
| mean absolute error, perfect tracks |
|---|---|---|---|---|---|---|---|---|
"""
FORTNIGHT = """
## Coarsening and definitions

Two weeks with gaps and a late camera-day. The tracks are perfect: whoever is in view is followed,
and nobody is taken for somebody else. So this is the error of coarsening, of views that end, and of
definitions.

| mart | figure | unit | figures | mean truth | bias | mean absolute error |
|---|---|---|---|---|---|---|
"""
NOTES = """
## What the large errors are

- **Floor occupancy.** The arcade is open to the east: three in ten of its people come from there
  and four in ten leave there, by no gate. What the day's crossings leave over is then no miscount,
  and taking it back makes the figure wrong. It holds only where gates close a floor. Staff that
  come by no gate are never in it.
- **Presence in the back room.** The camera sees a part of the room. Occupancy is of what is seen.
- **Presence, detected.** Who stands below the picture with head and shoulders in it is found by
  the detector and placed at the picture's edge. So stand two of the staff in the back room for
  `cam_shops` and `cam_till` all the time. Perfect tracks are of people whose feet are in view.
- **Capture and engagement, detected.** They lie 4 and 14 points lower than by perfect tracks, on an
  hour of two fronts and one display. Which of lost, broken and swapped tracks does it has not been
  looked into.
- **Waits.** A wait is time in the zone. Some walk to the counter without standing in line: their
  true wait is 0, and a way through the zone of less than its min_dwell is no wait, so they are not
  among the waits of which a part is abandoned.
- **Capture, engagement, flow, shoppers.** Somebody who goes out of view and comes back is two
  visitors. And staff is known only where a camera sees a zone of kind staff, which here is that of
  the till: under the other two all staff count as visitors. In what is in view, a tenth more
  people are counted at shop fronts than were there for their min_dwell of one second: of a way
  that touches a zone, one position inside is a stay of one second. Attention lacks the seconds in
  which somebody arrives and leaves.
- **Groups.** Half of the people are in two of the views for no longer than eight or nine seconds,
  and groups are told by ten seconds together. So most of those who come together count as alone
  there.
- **Staff.** Under `cam_entrance` and `cam_shops` nobody is found, for the reason above. Under
  `cam_till` a visitor whose way touches the zone by the till is now and then taken for staff.
"""


def shown(mart: str, figure: str, unit: str, pairs: Pairs, *others: Pairs) -> str:
    """A line of a table; `others` are the same figure found in other ways."""
    scale = 100 if unit == "points" else 1
    cells = [f"`{mart}`", figure, unit, str(len(pairs))]
    if pairs:
        cells.append(f"{scale * statistics.mean(true for _, true in pairs):.2f}")
    for found in (pairs, *others) if pairs else ():
        errors = [scale * (one - true) for one, true in found]
        cells += (
            [f"{statistics.mean(errors):+.2f}", f"{statistics.mean(map(abs, errors)):.2f}"]
            if errors
            else ["", ""]
        )
    return f"| {' | '.join(cells)} |"


def figures(made: Made) -> Iterator[tuple[str, str, str, Pairs]]:
    """Mart, figure, unit and what was found beside what is true."""
    yield from mart_figures.figures(made)
    yield from way_figures.figures(made)


def fortnight(folder: Path) -> Made:
    lived = arcade_fortnight.build(folder / "lake")
    lived.store_late()
    warehouse = DuckDBWarehouse.below(folder / "warehouse")
    materialise(lived.lake, warehouse, DAYS)
    truth = {day: TrueDay(one) for day, one in lived.truth.items()}
    not_whole = {(gap.day, gap.camera) for gap in GAPS} | {MISSING, EMPTY}
    return Made(lived.site, warehouse, truth, not_whole)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        weights = Settings().weights
        # Whatever a run says goes where progress goes, not into the page.
        with contextlib.redirect_stdout(sys.stderr):
            seen, followed = hours(asked.hours, folder, weights)
            weeks = fortnight(Path(temporary) / "fortnight")
        print(INTRODUCTION, end="")
        people = sum(len(day.people) for day in seen.truth.values())
        told = {"hours": asked.hours, "people": people, "fps": FPS, "weights": weights.name}
        print(RENDERED.format(**told), end="")
        for one, other in zip(figures(seen), figures(followed), strict=True):
            print(shown(*one, other[-1]))
        print(FORTNIGHT, end="")
        for figure in figures(weeks):
            print(shown(*figure))
        print(NOTES, end="")


if __name__ == "__main__":
    main()
