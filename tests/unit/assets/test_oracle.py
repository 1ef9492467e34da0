"""Marts of tiny invented days against their computation in plain Python, and against themselves."""

import datetime as dt
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from assets.marts.contracts import MARTS
from assets.marts.queries import connected, rests_on, versioned_query
from tests.oracle.compare import differences
from tests.oracle.day import COUNTED, COVERAGE, CROSSINGS, POSITIONS, STAYS
from tests.oracle.invented import (
    GAINS_AN_HOUR,
    LOSES_AN_HOUR,
    SUNDAY,
    WEDNESDAY,
    Invented,
    days,
    mall,
    site_days,
)
from tests.oracle.marts import marts_of
from tests.unit import small_mall
from tests.unit.small_mall import NOON
from vision.site.hours import QuietHours
from vision.site.models import Site

Marts = dict[str, pl.DataFrame]
EACH_DAY = (WEDNESDAY, WEDNESDAY, SUNDAY, LOSES_AN_HOUR, GAINS_AN_HOUR)
HOUR = dt.timedelta(hours=1)
KATHMANDU = dt.timedelta(hours=5, minutes=45)
ON_WEDNESDAY = days(st.just(mall().on(WEDNESDAY)))

OF_THE_WHOLE_SITE = {"footfall_daily": {"share_of_entries"}, "space_value_daily": {"share", "rank"}}
"""Figures that rest on other cameras than the row's."""


def examples(count: int) -> settings:
    """The same ones each time; a search for new ones is for whoever changes a mart."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    # Not shrunk: of days like these that takes many minutes.
    phases = (Phase.explicit, Phase.generate)
    return settings(
        max_examples=count, derandomize=True, phases=phases, suppress_health_check=checks
    )


def made(day: Invented, earlier: Marts | None = None) -> Marts:
    """Every mart of a day by the SQL; `earlier` has rows of other days that are there already."""
    tables = small_mall.relations(
        day.site_day,
        day.frames[COVERAGE],
        {name: day.frames[name] for name in COUNTED},
        day.failed,
    )
    rows: Marts = {}
    with connected() as connection:
        # Of so few rows, threads would only wait for each other.
        connection.execute("SET threads = 1")
        for name, table in tables.items():
            connection.register(name, table)
        for name, mart in MARTS.items():
            there = (earlier or {}).get(name, mart.empty())
            connection.register(name, there)
            found = connection.execute(versioned_query(name)).pl()
            rows[name] = found.cast(dict(mart.schema)).sort(mart.key)
            connection.register(name, pl.concat([there, rows[name]]))
    return rows


def told_for_no_time(marts: Marts) -> list[str]:
    """Figures of people in rows that stand for no observed minute."""
    return [
        f"{name}.{column.name}"
        for name, mart in MARTS.items()
        if "observed_minutes" in mart.schema
        for column in mart.columns
        if column.counted_by
        and marts[name].filter(pl.col("observed_minutes") == 0)[column.name].count()
    ]


def with_frames(
    day: Invented, change: Callable[[pl.DataFrame], pl.DataFrame], site: Site | None = None
) -> Invented:
    """The day with each of its frames changed, maybe at another site."""
    frames = {
        name: {camera: change(frame) for camera, frame in by_camera.items()}
        for name, by_camera in day.frames.items()
    }
    site_day = site.on(day.site_day.day) if site else day.site_day
    return Invented(site_day, frames, day.failed)


def assert_equal(marts: Marts, others: Marts) -> None:
    for name, mart in MARTS.items():
        one, other = (
            one.select(list(mart.schema)).sort(mart.key) for one in (marts[name], others[name])
        )
        differing = one.join(other, on=list(mart.schema), how="anti", nulls_equal=True)
        assert one.equals(other), (name, differing)


def waiting(*seen: tuple[dt.datetime, dt.datetime], lacking: str = "") -> Invented:
    """Under `cam_a` somebody waits in line at noon, is served and looks at a poster."""
    site_day = mall().on(WEDNESDAY)
    way = [(3.625, 6.375)] * 10 + [(2.625, 6.375)] * 10 + [(5.625, 6.375)] * 10
    frames = {
        COVERAGE: small_mall.coverage(site_day, *seen),
        CROSSINGS: small_mall.crossings(("door", NOON, "in")),
        STAYS: small_mall.stays(("line", NOON, 10), ("poster", NOON, 10)),
        POSITIONS: small_mall.walks((NOON, way)),
    }
    return Invented(
        site_day,
        {n: {} if n == lacking else {"cam_a": frame} for n, frame in frames.items()},
        frozenset(),
    )


@pytest.mark.parametrize("lacking", COUNTED)
def test_a_camera_that_lacks_a_dataset_tells_nothing_for_no_time(lacking: str):
    assert told_for_no_time(made(waiting((NOON, NOON + HOUR), lacking=lacking))) == []


def test_a_day_observed_outside_its_trading_hours_alone_has_no_figures():
    before_opening = NOON.replace(hour=6)
    assert told_for_no_time(made(waiting((before_opening, before_opening + HOUR)))) == []


def test_without_an_estimate_there_is_no_interval():
    # Four whole quarters are wanted; of three nothing is estimated.
    rows = made(waiting((NOON, NOON + HOUR * 3 / 4)))["footfall_daily"]
    door = rows.filter(pl.col("gate") == "door")
    assert door.select("entries_observed").item() == 1
    assert door.select("entries_estimate", "entries_low", "entries_high").row(0) == (None,) * 3


@examples(12)
@given(day=days(site_days(*EACH_DAY)))
def test_marts_of_an_invented_day_equal_their_computation_in_plain_python(day: Invented):
    rows, expected = made(day), marts_of(day.stored, {})
    told = [one for name in MARTS for one in differences(MARTS[name], rows[name], expected[name])]
    assert told == []
    assert told_for_no_time(rows) == []


QUIET = QuietHours(begins=dt.time(9, 15), ends=dt.time(10, 30))


@examples(6)
@given(day=days(st.sampled_from([mall(quiet_hours=(QUIET,)).on(date) for date in EACH_DAY])))
def test_marts_of_a_day_with_quiet_hours_equal_their_computation_in_plain_python(day: Invented):
    rows, expected = made(day), marts_of(day.stored, {})
    told = [one for name in MARTS for one in differences(MARTS[name], rows[name], expected[name])]
    assert told == []
    assert told_for_no_time(rows) == []


@st.composite
def two_days(draw: st.DrawFn) -> tuple[Invented, Invented]:
    """A day, and one that its marts look back to or just do not; a zone may be drawn anew."""
    site = mall()
    back = dt.timedelta(days=draw(st.sampled_from((7, 7, 364, 1, 6, 8, 27, 28))))
    kiosk = next(zone for zone in site.file.zones if zone.id == "kiosk")
    smaller = kiosk.model_copy(update={"polygon": kiosk.polygon[:3]})
    zones = [smaller if zone is kiosk else zone for zone in site.file.zones]
    redrawn = site.model_copy(update={"file": site.file.model_copy(update={"zones": zones})})
    before = draw(st.sampled_from((site, site, redrawn)))
    return (
        draw(days(st.just(before.on(WEDNESDAY - back)))),
        draw(days(st.just(site.on(WEDNESDAY)))),
    )


@examples(6)
@given(both=two_days(), version=st.sampled_from((1, 1, 2)))
def test_marts_that_look_back_equal_their_computation_in_plain_python(
    both: tuple[Invented, Invented], version: int
):
    earlier, day = both
    there = {
        name: rows.with_columns(definition_version=pl.lit(version, pl.Int32))
        for name, rows in made(earlier).items()
    }
    known = {
        name: [{**row, "definition_version": version} for row in rows]
        for name, rows in marts_of(earlier.stored, {}).items()
    }
    rows, expected = made(day, there), marts_of(day.stored, {earlier.site_day.day: known})
    told = [one for name in MARTS for one in differences(MARTS[name], rows[name], expected[name])]
    assert told == []


@examples(3)
@given(day=ON_WEDNESDAY)
def test_the_order_of_rows_changes_nothing(day: Invented):
    shuffled = with_frames(day, lambda frame: frame.sample(fraction=1, shuffle=True, seed=1))
    assert_equal(made(day), made(shuffled))


@examples(3)
@given(day=ON_WEDNESDAY)
def test_the_name_of_a_camera_changes_its_name_alone(day: Invented):
    names = {"cam_a": "cam_z"}
    site = day.site_day.site

    def renamed(entries):
        for entry in entries:
            field = "camera" if hasattr(entry, "camera") else "id"
            name = getattr(entry, field)
            yield entry.model_copy(update={field: names.get(name, name)})

    update = {"zones": tuple(renamed(site.file.zones)), "gates": tuple(renamed(site.file.gates))}
    file = site.file.model_copy(update=update)
    elsewhere = site.model_copy(update={"file": file, "cameras": tuple(renamed(site.cameras))})
    frames = {
        name: {names.get(camera, camera): frame for camera, frame in by_camera.items()}
        for name, by_camera in day.frames.items()
    }
    there = Invented(elsewhere.on(WEDNESDAY), frames, day.failed)
    expected = {
        name: rows.with_columns(pl.col("camera").replace(names)) if "camera" in rows else rows
        for name, rows in made(day).items()
    }
    assert_equal(made(there), expected)


@examples(3)
@given(day=ON_WEDNESDAY)
def test_a_camera_that_is_dropped_takes_its_own_figures_with_it_and_no_others(day: Invented):
    """Figures of the whole site that it had a part in are NULL then, never less."""
    frames = {
        name: {camera: frame for camera, frame in by_camera.items() if camera != "cam_a"}
        for name, by_camera in day.frames.items()
    }
    marts = made(day)
    without = made(Invented(day.site_day, frames, day.failed - {"cam_a"}))
    for name, mart in MARTS.items():
        figures = {column.name for column in mart.columns if column.counted_by}
        whole_site = OF_THE_WHOLE_SITE.get(name, set())
        if "camera" in mart.schema:
            others = [
                rows.filter(pl.col("camera") != "cam_a").drop(whole_site)
                for rows in (marts[name], without[name])
            ]
            assert others[0].equals(others[1]), name
            gone = without[name].filter(pl.col("camera") == "cam_a")
            assert all(gone[figure].null_count() == gone.height for figure in figures), name
        both = marts[name].join(without[name], on=mart.key, suffix="_without")
        for figure in sorted(whole_site if "camera" in mart.schema else figures):
            changed = both.filter(pl.col(figure).ne_missing(pl.col(f"{figure}_without")))
            assert changed[f"{figure}_without"].null_count() == changed.height, (name, figure)


@examples(3)
@given(day=ON_WEDNESDAY)
def test_a_site_whose_clocks_go_ahead_sees_the_same_earlier(day: Invented):
    def earlier(frame: pl.DataFrame) -> pl.DataFrame:
        return frame.with_columns(pl.col(pl.Datetime("us", "UTC")) - KATHMANDU)

    there = with_frames(day, earlier, mall(time_zone="Asia/Kathmandu"))
    assert_equal(made(there), {name: earlier(rows) for name, rows in made(day).items()})


@examples(3)
@given(day=days(st.just(small_mall.furnished(small_mall.site()).on(WEDNESDAY))))
def test_two_cameras_that_see_the_same_tell_the_same(day: Invented):
    """The zones of cam_c are those of cam_a by other names."""

    def by_other_names(frame: pl.DataFrame) -> pl.DataFrame:
        named = [name for name in ("gate", "zone") if name in frame.columns]
        return frame.with_columns(pl.col(name) + "_c" for name in named)

    frames = {
        name: {
            **{camera: frame for camera, frame in by_camera.items() if camera != "cam_c"},
            **({"cam_c": by_other_names(by_camera["cam_a"])} if "cam_a" in by_camera else {}),
        }
        for name, by_camera in day.frames.items()
    }
    marts = made(Invented(day.site_day, frames, frozenset()))
    words = pl.col(pl.String).exclude("camera").str.replace_all("_c( |$)", "$1")
    of_camera = {
        camera: {
            name: rows.filter(pl.col("camera") == camera).with_columns(words, camera=pl.lit(""))
            if "camera" in rows.columns
            else rows
            for name, rows in marts.items()
        }
        for camera in ("cam_a", "cam_c")
    }
    assert_equal(of_camera["cam_a"], of_camera["cam_c"])


@examples(3)
@given(day=ON_WEDNESDAY)
def test_who_crosses_gates_is_in_no_mart_of_zones_and_ways(day: Invented):
    nobody = {camera: frame.clear() for camera, frame in day.frames[CROSSINGS].items()}
    without = Invented(day.site_day, {**day.frames, CROSSINGS: nobody}, day.failed)
    marts, others = made(day), made(without)
    for name in MARTS:
        if CROSSINGS not in rests_on(name):
            assert marts[name].equals(others[name]), name
