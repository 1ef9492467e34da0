"""Floor positions are gone through camera by camera, and what is kept of them is right."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.marts.contracts import MARTS
from assets.marts.inputs import CameraDays, relations
from assets.marts.positions import POSITIONS_IN_INTERVAL, SCANS, counted, scanned
from assets.marts.queries import query_names, query_version, reads, scan_query
from assets.marts.schema import Tables
from tests.unit import small_mall
from tests.unit.small_mall import NOON

SITE_DAY = small_mall.site_day()
TABLES = relations(SITE_DAY, {}, {})
PATHS = st.lists(
    st.tuples(
        st.integers(-4000, 4000),
        st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40),
    ),
    max_size=8,
)


def walks(paths: list[tuple[int, list[tuple[int, int]]]]) -> pl.DataFrame:
    return small_mall.walks(
        *(
            (
                NOON + dt.timedelta(seconds=begins),
                [(0.25 * x + 0.125, 0.25 * y + 0.125) for x, y in cells],
            )
            for begins, cells in paths
        )
    )


def read_scans(positions: CameraDays, tables: Tables) -> dict[str, pl.DataFrame]:
    return scanned(["cells_hourly"], positions, SITE_DAY, tables)


class Watched(Mapping[str, pl.DataFrame]):
    """Rows by camera that notes which camera was looked up, in order."""

    def __init__(self, frames: dict[str, pl.DataFrame]) -> None:
        self.frames = frames
        self.read: list[str] = []

    def __getitem__(self, camera: str) -> pl.DataFrame:
        self.read.append(camera)
        return self.frames[camera]

    def __iter__(self) -> Iterator[str]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


@given(PATHS)
@settings(max_examples=40, deadline=None)
def test_cells_of_an_hour_hold_who_was_there_and_for_how_long(
    paths: list[tuple[int, list[tuple[int, int]]]],
) -> None:
    touched, seconds = defaultdict(set), Counter[tuple[object, ...]]()
    rows = walks(paths)
    for trajectory, at, x_m, y_m in rows.iter_rows():
        cell = (at.replace(minute=0, second=0), x_m // 0.5 * 0.5 + 0.25, y_m // 0.5 * 0.5 + 0.25)
        touched[cell].add(trajectory)
        seconds[cell] += 1
    (found,) = scanned(["cells_hourly"], {"cam_a": rows}, SITE_DAY, TABLES).values()
    expected = {(*cell, len(touched[cell]), seconds[cell]) for cell in touched}
    assert set(found.drop("camera").iter_rows()) == expected
    assert found.height == len(expected)


@given(PATHS)
@settings(max_examples=40, deadline=None)
def test_positions_are_counted_by_quarter(paths: list[tuple[int, list[tuple[int, int]]]]) -> None:
    rows = walks(paths)
    of_quarter = Counter(at.replace(minute=at.minute // 15 * 15, second=0) for at in rows["at"])
    found = counted({"cam_a": rows}, TABLES)[POSITIONS_IN_INTERVAL]
    assert dict(found.drop("camera").iter_rows()) == of_quarter


@pytest.mark.parametrize("read", [read_scans, counted], ids=["scan", "count"])
def test_cameras_of_the_day_are_read_once_and_no_other(read) -> None:
    rows = walks([(0, [(1, 1)])])
    watched = Watched({"cam_b": rows, "cam_gone": rows, "cam_a": rows})
    (found,) = read(watched, TABLES).values()
    assert watched.read == ["cam_a", "cam_b"]
    assert found["camera"].to_list() == ["cam_a", "cam_b"]


@pytest.mark.parametrize("read", [read_scans, counted], ids=["scan", "count"])
def test_a_camera_that_failed_its_privacy_check_is_not_read(read) -> None:
    rows = walks([(0, [(1, 1)])])
    watched = Watched({"cam_b": rows, "cam_a": rows})
    read(watched, relations(small_mall.site_day(), {}, {}, failed={"cam_a"}))
    assert watched.read == ["cam_b"]


def test_nothing_is_read_where_no_scan_is_wanted() -> None:
    watched = Watched({"cam_a": walks([(0, [(1, 1)])])})
    assert scanned([], watched, SITE_DAY, TABLES) == {}
    assert watched.read == []


def test_every_scan_is_read_by_a_mart_and_the_other_way_round() -> None:
    assert {scan for name in MARTS for scan in reads(name).scans} == set(SCANS)
    assert query_names("scans") == set(SCANS)


@pytest.mark.parametrize("name", SCANS)
def test_the_header_says_grain_definition_and_null(name: str) -> None:
    header = scan_query(name).split("WITH")[0]
    for word in (f"-- {name}", "-- Grain ", "-- Definition ", "-- NULL "):
        assert word in header


def test_dagster_sees_that_a_mart_has_changed_with_a_scan_that_it_reads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heatmap, gates = "heatmap_hourly", "gate_counts_15min"
    before = query_version(heatmap), query_version(gates)
    monkeypatch.setattr("assets.marts.queries.scan_query", lambda _name: "SELECT 1")
    assert query_version(heatmap) != before[0]
    assert query_version(gates) == before[1]
