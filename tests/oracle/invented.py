"""Tiny days that nobody would think of, for Hypothesis to draw.

Belongs here: which sites and rows there may be. Does not belong here: what marts make of them.
"""

import datetime as dt
from dataclasses import dataclass

import polars as pl
from hypothesis import strategies as st

from tests.oracle.day import COVERAGE, CROSSINGS, POSITIONS, STAYS, StoredDay
from tests.unit import small_mall
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, GRID_M, ZONE_VISITS
from vision.contracts_ingest import COVERAGE as COVERAGE_CONTRACT
from vision.site.audits import Audit
from vision.site.models import Floor, Gate, Site, SiteDay, Zone

WEDNESDAY, SUNDAY = dt.date(2026, 3, 11), dt.date(2026, 3, 15)
LOSES_AN_HOUR, GAINS_AN_HOUR = dt.date(2026, 3, 28), dt.date(2026, 10, 24)
_ACROSS, _ALONG = 40, 32
"""Cells of the floor."""
_TO_OPENING_S = 5 * 3600

_AUDITS = tuple(
    Audit(
        gate=gate,
        starts=dt.datetime.combine(date, starts),
        minutes=minutes,
        entries=entries,
        exits=exits,
    )
    for date in (
        *(WEDNESDAY - dt.timedelta(days=back) for back in (28, 27, 7, 1, 0)),
        SUNDAY,
        LOSES_AN_HOUR,
        GAINS_AN_HOUR,
    )
    for gate, starts, minutes, entries, exits in (
        ("door", dt.time(8, 59), 2, 2, 1),
        ("door", dt.time(9, 14, 30), 7, 1, 0),
        ("counter", dt.time(9, 14), 2, 0, 0),
        # Of nobody.
        ("back", dt.time(9, 0), 15, 0, 0),
        ("back", dt.time(9, 15), 15, 0, 0),
        ("stairs", dt.time(10, 0), 1, 0, 2),
    )
)

Leg = tuple[int, int, int, int]
"""A cell to go to, how many cells a second, and for how many seconds to stand there."""


Cells = list[tuple[int, int]]
"""One a second."""


def _together(near_s: int, of_s: int) -> tuple[Cells, Cells]:
    """Two people who are two metres apart for some of the seconds that they are there."""
    return [(20, 10)] * of_s, [(28, 10)] * near_s + [(29, 10)] * (of_s - near_s)


ON_THE_EDGE: tuple[tuple[Cells, ...], ...] = (
    # Together for ten seconds, for seven tenths of the time, and for a little less.
    *(_together(near, of) for near, of in ((10, 10), (8, 10), (10, 14), (14, 20), (12, 20))),
    # In line and outside it for one second, and for none.
    ([(14, 25)] * 5 + [(14, 20)], [(14, 25)] * 5),
    # Within a second of being short.
    ([(2, 2)] * 2, [(2, 2)] * 3, [(2, 2)] * 4),
    # A metre in three seconds before the poster is not slow; one who stands soon leaves.
    ([(21, 25), (22, 25), (24, 25), (25, 25), (27, 25)], [(21, 25)] * 5),
    # Back after one second outside, and after two.
    ([(8, 8)] * 5 + [(2, 2)] + [(8, 8)] * 5, [(8, 8)] * 5 + [(2, 2)] * 2 + [(8, 8)] * 5),
)
"""Ways that lie at the edge of a definition, by those who take them at the same time."""


@dataclass(frozen=True, repr=False)
class Invented:
    """Rows of one trading day, by dataset and camera, and cameras that failed a privacy check."""

    site_day: SiteDay
    frames: dict[str, dict[str, pl.DataFrame]]
    failed: frozenset[str]

    def __repr__(self) -> str:
        rows = {
            f"{name} of {camera}": frame.rows() if name != COVERAGE else _patches(frame)
            for name, frames in self.frames.items()
            for camera, frame in frames.items()
        }
        file = self.site_day.site.file
        shown = "".join(f"\n{name}: {told}" for name, told in rows.items() if told)
        return (
            f"{self.site_day.day} {file.time_zone} from {file.trading_day_start}, failed "
            f"{set(self.failed)}{shown}"
        )

    def _repr_pretty_(self, printer, _cycle: bool) -> None:
        # Hypothesis would print every minute of coverage.
        printer.text(repr(self))

    @property
    def stored(self) -> StoredDay:
        return StoredDay.of(self.site_day, self.frames, self.failed)


def mall(**changes: object) -> Site:
    """The furnished mall with two floors, zones that overlap, and a camera without calibration.

    It asks for estimates, and takes for staff who is in view for more than five minutes.
    """
    site = small_mall.furnished(small_mall.site(**changes))  # type: ignore[arg-type]
    first_floor = Floor(id="first", outline=small_mall.OUTLINE)
    overlapping = [
        Zone(id=name, kind=kind, camera="cam_a", floor="ground", polygon=polygon, min_dwell=dwell)
        for name, kind, polygon, dwell in (
            ("arcade", "corridor", ((0.5, 2), (8.3, 2.1), (8, 6.4), (1, 6)), 3),
            # The same cells as another zone, so that stays in both begin and end together.
            ("stand", "display", ((5, 6), (7, 6), (7, 7), (5, 7)), 6),
        )
    ]
    in_pixels = {
        "camera": "cam_u",
        "floor": "first",
    }
    entrance = site.file.gates[0]
    gates = (
        Gate(
            id="stairs",
            leads_from="ground",
            line_px=((100, 100), (200, 100)),
            inside_px=(150, 50),
            **in_pixels,
        ),
        entrance.model_copy(update={"id": "counter", "leads_from": None}),
    )
    pixels = ((100, 100), (400, 100), (400, 400), (100, 400))
    zones = (
        *overlapping,
        Zone(id="upstairs", kind="store", polygon_px=pixels, **in_pixels),
        Zone(id="line_up", kind="queue", polygon_px=pixels, of="upstairs", **in_pixels),
        Zone(id="line_up_for_none", kind="queue", polygon_px=pixels, min_dwell=0, **in_pixels),
    )
    file = site.file.model_copy(
        update={
            "floors": (*site.file.floors, first_floor),
            "zones": (*site.file.zones, *zones),
            "gates": (*site.file.gates, *gates),
            "staff_after_minutes": 5,
            "estimate_gaps": True,
        }
    )
    blind = site.cameras[0].model_copy(update={"id": "cam_u", "floor": "first", "calibration": ()})
    cameras = (*site.cameras, blind)
    return site.model_copy(update={"file": file, "cameras": cameras, "audits": _AUDITS})


@st.composite
def days(draw: st.DrawFn, site_days: st.SearchStrategy[SiteDay]) -> Invented:
    """What cameras may have stored of a day, or not."""
    site_day = draw(site_days)
    rows = {
        COVERAGE: _coverage,
        CROSSINGS: _crossings,
        STAYS: _stays,
        POSITIONS: _positions,
    }
    frames: dict[str, dict[str, pl.DataFrame]] = {name: {} for name in rows}
    for camera in site_day.cameras:
        lacking = draw(st.sampled_from((*[None] * 12, COVERAGE, CROSSINGS, STAYS, POSITIONS)))
        for name, strategy in rows.items():
            if name != lacking:
                frames[name][camera] = draw(strategy(site_day, camera))
    failed = draw(st.sampled_from((*[()] * 9, ("cam_c",))))
    return Invented(site_day, frames, frozenset(failed))


def site_days(*dates: dt.date) -> st.SearchStrategy[SiteDay]:
    """The mall on one of `dates`, by clocks of several kinds."""
    zones = ("Europe/London", "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe")
    starts = (dt.time(4), dt.time(4), dt.time(3, 10))
    return st.builds(
        lambda zone, start, date: mall(time_zone=zone, trading_day_start=start).on(date),
        st.sampled_from(zones),
        st.sampled_from(starts),
        st.sampled_from(dates),
    )


def _seconds_of_day(site_day: SiteDay) -> st.SearchStrategy[int]:
    """Epoch seconds, most of them near where a quarter, an hour or the trading hours begin."""
    start, end = (int(moment.timestamp()) for moment in site_day.window)
    near = [start + _TO_OPENING_S + after for after in (0, 900, 3600, 3660, 4 * 3600, 9 * 3600)]
    return st.builds(
        lambda moment, apart: min(max(moment + apart, start), end - 1),
        st.sampled_from([start, end, *near * 2]),
        st.integers(-40, 40),
    )


@st.composite
def _coverage(draw: st.DrawFn, site_day: SiteDay, _camera: str) -> pl.DataFrame:
    start, end = site_day.window
    minutes = (end - start) // dt.timedelta(minutes=1)
    always = draw(st.sampled_from((60.0, 60.0, 60.0, 0.0)))
    readable = [always] * minutes
    for begin, length, seconds in draw(
        st.lists(
            st.tuples(
                st.one_of(st.integers(0, minutes - 1), st.integers(295, 365)),
                st.sampled_from((1, 7, 15, 60, 180, 500)),
                st.sampled_from((0.0, 0.0, 60.0, 37.25, 0.01, 59.99)),
            ),
            max_size=4,
        )
    ):
        readable[begin : begin + length] = [seconds] * len(readable[begin : begin + length])
    return pl.DataFrame(
        {
            "minute": [start + dt.timedelta(minutes=number) for number in range(minutes)],
            "recorded_s": readable,
            "readable_s": readable,
            "reason": ["gap" if seconds < 60 else None for seconds in readable],
        },
        schema=COVERAGE_CONTRACT.schema,
    )


def _crossings(site_day: SiteDay, camera: str) -> st.SearchStrategy[pl.DataFrame]:
    gates = [gate.id for gate in site_day.gates_of(camera)]
    crossing = st.tuples(
        st.sampled_from(gates or ["none"]),
        _seconds_of_day(site_day).map(_instant),
        st.sampled_from(("in", "in", "out")),
        st.sampled_from(("track", "track", "trajectory")),
    )
    return st.lists(crossing, max_size=12 if gates else 0).map(
        # Twice in a second, now and then.
        lambda rows: _frame(GATE_EVENTS, [*rows, *rows[:2]])
    )


def _stays(site_day: SiteDay, camera: str) -> st.SearchStrategy[pl.DataFrame]:
    zones = [zone.id for zone in site_day.zones_of(camera) if zone.kind != "exclude"]
    end = int(site_day.window[1].timestamp())

    def row(zone: str, entered: int, dwell: int, ends: str) -> tuple:
        left = min(entered + dwell, end)
        return zone, _instant(entered), _instant(left), left - entered, ends

    stay = st.builds(
        row,
        st.sampled_from(zones),
        _seconds_of_day(site_day),
        st.one_of(st.integers(1, 12), st.sampled_from((10, 29, 30, 60, 119, 300, 1800, 4000))),
        st.sampled_from(("both", "both", "entry", "exit", "neither")),
    )
    return st.lists(stay, max_size=12).map(lambda rows: _frame(ZONE_VISITS, rows))


@st.composite
def _positions(draw: st.DrawFn, site_day: SiteDay, camera: str) -> pl.DataFrame:
    if not site_day.cameras[camera].calibrated:
        return ANONYMISED_TRAJECTORIES.empty()
    people = draw(
        st.lists(
            st.tuples(
                _seconds_of_day(site_day),
                st.lists(_legs(), min_size=1, max_size=6),
                st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=2),
                st.sampled_from((*[()] * 5, (3,), (5, 6))),
            ),
            max_size=5,
        )
    )
    end = int(site_day.window[1].timestamp())
    ways = []
    for begins, legs, companions, lost in people:
        cells = _cells(legs)[: end - begins]
        for right, up in ((0, 0), *companions):
            ways.append(
                [
                    (begins + number, *_centre(x + right, y + up))
                    for number, (x, y) in enumerate(cells)
                    if number not in lost or number in (0, len(cells) - 1)
                ]
            )
    edges = st.tuples(_seconds_of_day(site_day), st.sampled_from(ON_THE_EDGE))
    for begins, parties in draw(st.lists(edges, max_size=3)):
        ways += [
            [(begins + n, *_centre(x, y)) for n, (x, y) in enumerate(cells[: end - begins])]
            for cells in parties
        ]
    rows = [
        (number, _instant(second), x, y)
        for number, way in enumerate(sorted(ways))
        for second, x, y in way
    ]
    return _frame(ANONYMISED_TRAJECTORIES, rows)


def _legs() -> st.SearchStrategy[Leg]:
    # Places in each zone of the mall, at their edges and anywhere.
    places = ((8, 8), (8, 14), (28, 8), (24, 25), (10, 25), (13, 26), (11, 26), (33, 25), (20, 16))
    anywhere = st.tuples(st.integers(0, _ACROSS - 1), st.integers(0, _ALONG - 1))
    return st.builds(
        lambda place, speed, stands: (*place, speed, stands),
        st.one_of(st.sampled_from(places), anywhere),
        st.sampled_from((1, 2, 4, 60)),
        st.one_of(st.integers(0, 14), st.sampled_from((0, 0, 40, 300))),
    )


def _cells(legs: list[Leg]) -> Cells:
    """One cell a second of somebody who begins at the first place."""
    x, y = legs[0][:2]
    cells = [(x, y)]
    for to_x, to_y, speed, stands in legs:
        while (x, y) != (to_x, to_y):
            x += max(-speed, min(speed, to_x - x))
            y += max(-speed, min(speed, to_y - y))
            cells.append((x, y))
        cells += [(x, y)] * stands
    return cells


def _centre(x: int, y: int) -> tuple[float, float]:
    x, y = min(max(x, 0), _ACROSS - 1), min(max(y, 0), _ALONG - 1)
    return x * GRID_M + GRID_M / 2, y * GRID_M + GRID_M / 2


def _instant(second: int) -> dt.datetime:
    return dt.datetime.fromtimestamp(second, dt.UTC)


def _frame(contract, rows: list[tuple]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=contract.schema, orient="row").sort(pl.all())


def _patches(coverage: pl.DataFrame) -> list[tuple[dt.datetime, float]]:
    """From when on minutes are readable for how long."""
    changed = coverage.filter(pl.col("readable_s") != pl.col("readable_s").shift().fill_null(-1))
    return changed.select("minute", "readable_s").rows()
