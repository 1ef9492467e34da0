"""Figures of the marts against figures worked out by hand."""

import datetime as dt

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.marts.contracts import MARTS
from assets.marts.inputs import cameras, intervals
from assets.marts.queries import connected, query, query_names, reads, versioned_query
from tests.unit import small_mall
from tests.unit.small_mall import NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.site.models import SiteDay


def minutes(count: float) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def seconds(count: float) -> dt.timedelta:
    return dt.timedelta(seconds=count)


def compute(name: str, tables: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Rows of a mart of a day, and before it of those that it reads."""
    mart = MARTS[name]
    with connected() as connection:
        for table, rows in tables.items():
            connection.register(table, rows)
        for source in MARTS:
            if source in reads(name).marts:
                connection.register(source, compute(source, tables))
        connection.register(name, mart.empty())
        frame = connection.execute(versioned_query(name)).pl()
    assert frame.columns == list(mart.schema)
    return frame.cast(dict(mart.schema)).sort(mart.key)


def tables_of(
    site_day: SiteDay,
    *,
    seen: dict[str, list[tuple[dt.datetime, dt.datetime]]],
    gate_events: dict[str, pl.DataFrame] | None = None,
    zone_visits: dict[str, pl.DataFrame] | None = None,
    trajectories: dict[str, pl.DataFrame] | None = None,
    readable_s: float = 60,
) -> dict[str, pl.DataFrame]:
    """Relations in which each camera of `seen` delivered every dataset, empty unless given."""

    def filled(given: dict[str, pl.DataFrame] | None, empty: pl.DataFrame):
        return dict.fromkeys(seen, empty) | (given or {})

    return small_mall.relations(
        site_day,
        {
            camera: small_mall.coverage(site_day, *spans, readable_s=readable_s)
            for camera, spans in seen.items()
        },
        {
            GATE_EVENTS.name: filled(gate_events, GATE_EVENTS.empty()),
            ZONE_VISITS.name: filled(zone_visits, ZONE_VISITS.empty()),
            ANONYMISED_TRAJECTORIES.name: filled(trajectories, ANONYMISED_TRAJECTORIES.empty()),
        },
    )


def test_every_contract_has_its_sql_and_the_other_way_round():
    assert query_names() == set(MARTS), (
        "a mart is a MartContract in MARTS of assets/marts/contracts.py and a file sql/<name>.sql "
        f"of the same name; only one of the two exists for {query_names() ^ set(MARTS)}"
    )


@pytest.mark.parametrize("name", MARTS)
def test_the_header_says_grain_definition_and_null(name: str):
    header = query(name).split("WITH")[0]
    for word in (f"-- {name}", "-- Grain ", "-- Definition ", "-- NULL "):
        assert word in header


@pytest.mark.parametrize("name", MARTS)
def test_the_query_names_no_column_that_its_contract_lacks(name: str):
    frame = compute(name, tables_of(small_mall.site_day(), seen={}))
    assert frame.schema == MARTS[name].schema


@pytest.mark.parametrize(
    ("day", "count"),
    [
        pytest.param(dt.date(2026, 3, 11), 96, id="an ordinary day has 96 quarters"),
        pytest.param(dt.date(2026, 3, 28), 92, id="the day that loses an hour has 92"),
        pytest.param(dt.date(2026, 10, 24), 100, id="the day that gains an hour has 100"),
    ],
)
def test_quarters_of_a_day_follow_the_clock_change(day: dt.date, count: int):
    site_day = small_mall.site_day(day)
    frame = intervals(site_day)
    assert frame.height == count
    assert (frame["interval_start"][0], frame["interval_end"][-1]) == site_day.window
    assert frame["interval_start"][1:].to_list() == frame["interval_end"][:-1].to_list()
    assert frame["hour_start"].n_unique() == count // 4


def test_the_hour_that_the_clock_shows_twice_is_two_hours():
    frame = intervals(small_mall.site_day(dt.date(2026, 10, 24)))
    one_o_clock = frame.filter(pl.col("local_start").dt.hour() == 1)
    assert one_o_clock.height == 8
    assert one_o_clock["hour_start"].n_unique() == 2


@given(
    start=st.times().map(lambda time: time.replace(second=0, microsecond=0)),
    zone=st.sampled_from(
        ["Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "UTC"]
    ),
    day=st.dates(dt.date(2026, 1, 1), dt.date(2027, 12, 31)),
)
@settings(max_examples=60, deadline=None)
def test_quarters_tile_the_trading_day_wherever_it_starts(start: dt.time, zone: str, day: dt.date):
    site_day = small_mall.site_day(day, time_zone=zone, trading_day_start=start)
    frame = intervals(site_day)
    assert (frame["interval_start"][0], frame["interval_end"][-1]) == site_day.window
    assert frame["interval_start"][1:].to_list() == frame["interval_end"][:-1].to_list()
    lengths = (frame["interval_end"] - frame["interval_start"]).dt.total_minutes()
    assert lengths.min() > 0
    assert lengths.max() == 15
    assert (frame["hour_start"] <= frame["interval_start"]).all()


def test_only_quarters_between_opening_and_closing_are_trading_hours():
    frame = intervals(small_mall.site_day()).filter("in_trading_hours")
    assert frame.height == 9 * 4
    assert frame["local_start"][0] == dt.datetime(2026, 3, 11, 9)


def test_a_closed_day_has_no_trading_hours():
    sunday = small_mall.site_day(dt.date(2026, 3, 15))
    assert not intervals(sunday)["in_trading_hours"].any()


class TestGateCounts:
    def rows(self, tables: dict[str, pl.DataFrame], gate: str) -> pl.DataFrame:
        return compute("gate_counts_15min", tables).filter(pl.col("gate") == gate)

    def at(self, rows: pl.DataFrame, start: dt.datetime) -> dict[str, object]:
        return rows.row(by_predicate=pl.col("interval_start") == start, named=True)

    def test_crossings_count_in_the_quarter_of_their_second(self):
        site_day = small_mall.site_day()
        events = small_mall.crossings(
            ("door", NOON, "in"),
            ("door", NOON + seconds(899), "in"),
            ("door", NOON + seconds(899), "out"),
            ("door", NOON + seconds(900), "in"),
        )
        rows = self.rows(
            tables_of(
                site_day,
                seen={"cam_a": [(NOON, NOON + minutes(30))]},
                gate_events={"cam_a": events},
            ),
            "door",
        )
        assert rows.height == 96
        first = self.at(rows, NOON)
        assert (first["entries"], first["exits"]) == (2, 1)
        assert (first["observed_minutes"], first["observed_share"]) == (15, 1)
        second = self.at(rows, NOON + minutes(15))
        assert (second["entries"], second["exits"]) == (1, 0)

    def test_nothing_observed_is_null_and_nobody_seen_is_zero(self):
        rows = self.rows(
            tables_of(small_mall.site_day(), seen={"cam_a": [(NOON, NOON + minutes(5))]}), "door"
        )
        seen = self.at(rows, NOON)
        assert (seen["entries"], seen["exits"], seen["approximate_crossings"]) == (0, 0, 0)
        assert seen["observed_minutes"] == 5
        assert seen["observed_share"] == pytest.approx(1 / 3, abs=5e-7)
        unseen = rows.filter(pl.col("interval_start") != NOON)
        assert unseen.height == 95
        assert unseen["entries"].null_count() == unseen["exits"].null_count() == 95
        assert unseen["observed_minutes"].unique().to_list() == [0]

    def test_a_camera_that_did_not_deliver_is_null_all_day_and_blocks_no_other(self):
        tables = tables_of(small_mall.site_day(), seen={"cam_a": [(NOON, NOON + minutes(15))]})
        assert self.rows(tables, "back")["entries"].null_count() == 96
        assert self.rows(tables, "door")["entries"].null_count() == 95

    def test_coverage_without_the_events_of_the_camera_is_not_an_observation(self):
        site_day = small_mall.site_day()
        tables = small_mall.relations(
            site_day,
            {"cam_a": small_mall.coverage(site_day, (NOON, NOON + minutes(15)))},
            {GATE_EVENTS.name: {}},
        )
        assert self.rows(tables, "door")["entries"].null_count() == 96

    def test_a_crossing_reported_by_a_camera_that_does_not_own_the_gate_is_not_counted(self):
        events = small_mall.crossings(("door", NOON, "in"))
        both = {"cam_a": [(NOON, NOON + minutes(15))], "cam_b": [(NOON, NOON + minutes(15))]}
        rows = self.rows(
            tables_of(small_mall.site_day(), seen=both, gate_events={"cam_b": events}), "door"
        )
        assert self.at(rows, NOON)["entries"] == 0

    def test_crossings_decided_on_trajectories_are_marked_approximate(self):
        events = pl.concat(
            [
                small_mall.crossings(("door", NOON, "in")),
                small_mall.crossings(("door", NOON, "out"), basis="trajectory"),
            ]
        )
        rows = self.rows(
            tables_of(
                small_mall.site_day(),
                seen={"cam_a": [(NOON, NOON + minutes(15))]},
                gate_events={"cam_a": events},
            ),
            "door",
        )
        assert self.at(rows, NOON)["approximate_crossings"] == 1


class TestZoneVisits:
    def hour(self, tables: dict[str, pl.DataFrame], zone: str) -> dict[str, object]:
        return compute("zone_visits_hourly", tables).row(
            by_predicate=(pl.col("zone") == zone) & (pl.col("hour_start") == NOON), named=True
        )

    def test_visits_bounces_and_dwell(self):
        rows = small_mall.stays(
            ("shop", NOON, 4),
            ("shop", NOON + minutes(1), 5),
            ("shop", NOON + minutes(2), 10),
            ("shop", NOON + minutes(59), 300),
        )
        hour = self.hour(
            tables_of(
                small_mall.site_day(),
                seen={"cam_a": [(NOON, NOON + minutes(120))]},
                zone_visits={"cam_a": rows},
            ),
            "shop",
        )
        assert (hour["visits"], hour["bounces"], hour["cut_visits"]) == (3, 1, 0)
        assert hour["dwell_median_s"] == 10
        # Between the second and the third of three: 10 + 0.8 * 290.
        assert hour["dwell_p90_s"] == pytest.approx(242)
        assert hour["person_seconds"] == 315

    def test_an_hour_without_visits_has_zero_visits_and_no_dwell(self):
        hour = self.hour(
            tables_of(small_mall.site_day(), seen={"cam_a": [(NOON, NOON + minutes(60))]}), "shop"
        )
        assert (hour["visits"], hour["person_seconds"], hour["dwell_median_s"]) == (0, 0, None)

    def test_an_unobserved_hour_is_null(self):
        hour = self.hour(tables_of(small_mall.site_day(), seen={}), "shop")
        assert (hour["visits"], hour["bounces"], hour["person_seconds"]) == (None, None, None)
        assert hour["observed_share"] == 0

    def test_a_visit_whose_end_was_not_seen_is_counted_as_cut(self):
        rows = small_mall.stays(("shop", NOON, 30), ("shop", NOON, 2), ends_seen="entry")
        hour = self.hour(
            tables_of(
                small_mall.site_day(),
                seen={"cam_a": [(NOON, NOON + minutes(60))]},
                zone_visits={"cam_a": rows},
            ),
            "shop",
        )
        assert (hour["visits"], hour["cut_visits"], hour["bounces"]) == (1, 1, 1)

    def test_an_excluded_zone_has_no_rows(self):
        frame = compute("zone_visits_hourly", tables_of(small_mall.site_day(), seen={}))
        assert sorted(frame["zone"].unique()) == ["aisle", "shop"]
        assert frame.height == 2 * 24


class TestOccupancy:
    def intervals(self, tables: dict[str, pl.DataFrame], zone: str = "shop") -> pl.DataFrame:
        return compute("occupancy_15min", tables).filter(
            (pl.col("zone") == zone) & (pl.col("observed_minutes") > 0)
        )

    def test_mean_peak_and_stays_that_reach_over_a_quarter(self):
        rows = small_mall.stays(
            ("shop", NOON, 300),
            ("shop", NOON + seconds(100), 100),
            ("shop", NOON + minutes(14), 120),
        )
        frame = self.intervals(
            tables_of(
                small_mall.site_day(),
                seen={"cam_a": [(NOON, NOON + minutes(30))]},
                zone_visits={"cam_a": rows},
            )
        )
        assert frame["person_seconds"].to_list() == [460, 60]
        assert frame["occupancy_mean"].to_list() == pytest.approx([460 / 900, 60 / 900], abs=5e-5)
        assert frame["occupancy_peak"].to_list() == [2, 1]
        assert frame["stays"].to_list() == [3, 1]

    def test_one_who_leaves_in_the_second_another_enters_is_not_there_with_them(self):
        rows = small_mall.stays(("shop", NOON, 10), ("shop", NOON + seconds(10), 10))
        frame = self.intervals(
            tables_of(
                small_mall.site_day(),
                seen={"cam_a": [(NOON, NOON + minutes(15))]},
                zone_visits={"cam_a": rows},
            )
        )
        assert frame["occupancy_peak"].to_list() == [1]

    def test_the_mean_is_over_the_observed_seconds_only(self):
        rows = small_mall.stays(("shop", NOON, 30))
        frame = self.intervals(
            tables_of(
                small_mall.site_day(),
                seen={"cam_a": [(NOON, NOON + minutes(2))]},
                zone_visits={"cam_a": rows},
                readable_s=30,
            )
        )
        assert frame["occupancy_mean"].to_list() == [0.5]
        assert frame["observed_minutes"].to_list() == [1]

    @given(st.lists(st.tuples(st.integers(0, 3599), st.integers(1, 2000)), min_size=1, max_size=25))
    @settings(max_examples=40, deadline=None)
    def test_it_equals_a_count_second_by_second(self, spans: list[tuple[int, int]]):
        rows = small_mall.stays(*(("shop", NOON + seconds(start), dwell) for start, dwell in spans))
        frame = self.intervals(
            tables_of(
                small_mall.site_day(),
                seen={"cam_a": [(NOON, NOON + minutes(120))]},
                zone_visits={"cam_a": rows},
            )
        )
        people = [0] * 7200
        for start, dwell in spans:
            for second in range(start, min(start + dwell, 7200)):
                people[second] += 1
        quarters = [people[first : first + 900] for first in range(0, 7200, 900)]
        assert frame["occupancy_peak"].to_list() == [max(quarter) for quarter in quarters]
        assert frame["person_seconds"].to_list() == [sum(quarter) for quarter in quarters]


class TestHeatmap:
    def test_cells_hold_distinct_trajectories_and_seconds(self):
        paths = small_mall.walks(
            (NOON, [(0.125, 0.125), (0.375, 0.375), (0.625, 0.125), (0.125, 0.125)]),
            (NOON + minutes(59.99), [(0.125, 0.125), (0.125, 0.125)]),
        )
        frame = compute(
            "heatmap_hourly",
            tables_of(
                small_mall.site_day(),
                seen={"cam_a": [(NOON, NOON + minutes(120))]},
                trajectories={"cam_a": paths},
            ),
        ).select("hour_start", "x_m", "y_m", "visits", "person_seconds")
        assert frame.rows() == [
            (NOON, 0.25, 0.25, 2, 4),
            (NOON, 0.75, 0.25, 1, 1),
            (NOON + minutes(60), 0.25, 0.25, 1, 1),
        ]

    def test_cells_left_of_the_origin_keep_their_size(self):
        frame = compute(
            "heatmap_hourly",
            tables_of(
                small_mall.site_day(),
                seen={"cam_a": [(NOON, NOON + minutes(60))]},
                trajectories={"cam_a": small_mall.walks((NOON, [(-0.125, -0.625)]))},
            ),
        )
        assert frame.select("x_m", "y_m").rows() == [(-0.25, -0.75)]

    def test_two_cameras_keep_their_own_rows(self):
        both = {camera: [(NOON, NOON + minutes(60))] for camera in ("cam_a", "cam_b")}
        path = small_mall.walks((NOON, [(5.125, 4.125)]))
        frame = compute(
            "heatmap_hourly",
            tables_of(
                small_mall.site_day(),
                seen=both,
                trajectories={"cam_a": path, "cam_b": path},
            ),
        )
        assert frame.select("camera", "visits").rows() == [("cam_a", 1), ("cam_b", 1)]


def test_camera_states_tell_late_from_dark():
    site_day = small_mall.site_day()
    dark = {"cam_a": small_mall.coverage(site_day)}
    seen = {"cam_a": small_mall.coverage(site_day, (NOON, NOON + minutes(1)))}
    delivered = {
        name.name: {"cam_a": name.empty()}
        for name in (GATE_EVENTS, ZONE_VISITS, ANONYMISED_TRAJECTORIES)
    }
    assert cameras(site_day, dark, delivered)["state"].to_list() == ["no_exports", "missing"]
    assert cameras(site_day, seen, delivered)["state"].to_list() == ["observed", "missing"]
    assert cameras(site_day, seen, {})["state"].to_list() == ["withheld", "missing"]
    failed = cameras(site_day, seen, delivered, failed={"cam_a"})
    assert failed["state"].to_list() == ["privacy_failed", "missing"]
    assert not failed["gate_events_delivered"].any()
