"""Which figures of a site-day follow from which by adding and taking away.

Belongs here: every sum that somebody who has the published marts can do, as equations over cells.
Does not belong here: what follows from them (`assets.release.recovery`).

To add a mart: say here which of its figures add up to others, or are contained in others. The test
that holds each equation against exact rows tells a sum that is none; one that is missing it cannot
tell, and whoever reviews the mart has to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from assets.release.cells import Cells, Rows


@dataclass(frozen=True, slots=True)
class AddsUp:
    """A figure of one mart is the sum of figures of others, where their rows agree on `on`."""

    total: tuple[str, str]
    parts: tuple[tuple[str, str], ...]
    on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """A figure contains others of its row; what is left over is a figure that nobody publishes."""

    mart: str
    whole: str
    parts: tuple[str, ...]


_EXACT = 1e-6
_OBSERVED = "visits_observed"

SUMS = (
    AddsUp(("footfall_daily", "entries_observed"), (("gate_counts_15min", "entries"),), ("gate",)),
    AddsUp(("footfall_daily", "exits_observed"), (("gate_counts_15min", "exits"),), ("gate",)),
    AddsUp(("footfall_daily", "entries"), (("footfall_daily", "entries_observed"),), ("gate",)),
    AddsUp(("footfall_daily", "exits"), (("footfall_daily", "exits_observed"),), ("gate",)),
    AddsUp(
        ("footfall_daily", "entries"),
        (("footfall_daily", "exits"), ("footfall_daily", "net")),
        ("gate",),
    ),
    AddsUp(("space_value_daily", _OBSERVED), (("zone_visits_hourly", "visits"),), ("zone",)),
    AddsUp(("space_value_daily", "visits"), (("space_value_daily", _OBSERVED),), ("zone",)),
    AddsUp(
        ("space_value_daily", "person_seconds"),
        (("zone_visits_hourly", "person_seconds"),),
        ("zone",),
    ),
    AddsUp(
        ("space_value_daily", "attention_seconds"),
        (("display_engagement_hourly", "attention_seconds"),),
        ("zone",),
    ),
    # All classes of a zone have the same number of its visits, and it is that of its hours.
    AddsUp(
        ("zone_dwell_distribution", "visits_of_zone"),
        (("zone_dwell_distribution", _OBSERVED),),
        ("zone",),
    ),
    AddsUp(
        ("zone_dwell_distribution", "visits_of_zone"),
        (("zone_visits_hourly", "visits"),),
        ("zone",),
    ),
    AddsUp(("zone_visits_hourly", "visits"), (("queue_15min", "waits"),), ("zone", "hour_start")),
    AddsUp(("queue_15min", "stays"), (("occupancy_15min", "stays"),), ("zone", "interval_start")),
    AddsUp(
        ("staff_excluded_daily", "trajectories"),
        (
            ("staff_excluded_daily", "staff_by_zone"),
            ("staff_excluded_daily", "staff_by_length"),
            ("staff_excluded_daily", "visitors"),
        ),
        ("camera",),
    ),
    AddsUp(
        ("data_quality_daily", "trajectories"),
        (("staff_excluded_daily", "trajectories"),),
        ("camera",),
    ),
    AddsUp(
        ("data_quality_daily", "stays"),
        (("zone_visits_hourly", "visits"), ("zone_visits_hourly", "bounces")),
        ("camera",),
    ),
    AddsUp(("staff_excluded_daily", "visitors"), (("groups_hourly", "people"),), ("camera",)),
    AddsUp(("floor_occupancy_15min", "drift"), (("floor_occupancy_15min", "change"),), ("floor",)),
    AddsUp(
        ("staff_excluded_daily", "person_seconds"),
        (("heatmap_hourly", "person_seconds"),),
        ("camera",),
    ),
)
"""Sums of figures that stand in rows. Where a total or a part is NULL it is no part of them."""

CONTAINED = (
    Contains("zone_visits_hourly", "visits", ("cut_visits",)),
    Contains("display_engagement_hourly", "exposed", ("engaged",)),
    Contains("shopfront_capture_hourly", "traffic", ("passers_by", "entries")),
    Contains("shop_affinity_weekly", "visitors_of_shop", ("visitors_of_both",)),
    Contains("shop_affinity_weekly", "visitors_of_other", ("visitors_of_both",)),
    Contains("shop_affinity_weekly", "shoppers", ("visitors_of_shop",)),
    Contains("shop_affinity_weekly", "shoppers", ("visitors_of_other",)),
)
"""Figures that people of others are among: how many are not is told, too. Waits are not here: they
are counted on other rows than who was served, so neither contains the other."""


@dataclass(frozen=True)
class Linked:
    """Equations over cells, and over leftovers that are cells of no row.

    Attributes:
        matrix: Shape (equations, cells + leftovers); matrix @ values = 0.
        broken: How many sums do not add up and are left out, because whoever takes them for sums
            is wrong: rows of moments that no camera observed, which no real day has.
        leftover: Value of each figure that is in no row, shape (leftovers,): people.
    """

    matrix: csr_array
    broken: int
    leftover: NDArray[np.float64]


def linked(cells: Cells, gates: pl.DataFrame) -> Linked:
    """All equations of a site-day.

    Args:
        cells: Figures of the day.
        gates: The relation of that name of the day: `gate`, `floor`, `leads_from`.
    """
    equations = [one for sum_ in SUMS for one in _added_up(cells, sum_)]
    equations += _floors(cells, gates)
    equations += _groups(cells)
    contained = [one for kind in CONTAINED for one in _contained(cells, kind)]
    contained += _approximate(cells)
    contained += _paths(cells)
    rows, columns, factors = [], [], []
    for number, (numbers, signs) in enumerate([*equations, *contained]):
        rows.append(np.full(len(numbers), number))
        columns.append(numbers)
        factors.append(signs)
    leftover = np.array([cells.value[numbers] @ signs for numbers, signs in contained])
    for number in range(len(contained)):
        rows.append(np.array([len(equations) + number]))
        columns.append(np.array([cells.value.size + number]))
        factors.append(np.array([-1.0]))
    shape = (len(equations) + len(contained), cells.value.size + len(contained))
    entries = [np.concatenate(one) if one else np.empty(0) for one in (factors, rows, columns)]
    matrix = csr_array((entries[0], (entries[1].astype(int), entries[2].astype(int))), shape=shape)
    residual = matrix @ np.nan_to_num(np.concatenate([cells.value, leftover]))
    holds = np.abs(residual) < _EXACT
    return Linked(matrix[holds], int(np.sum(~holds)), leftover)


Equation = tuple[NDArray[np.int64], NDArray[np.float64]]
"""Numbers of cells, and by what each is multiplied; together they come to 0, or to a leftover."""


def _added_up(cells: Cells, sum_: AddsUp) -> Iterator[Equation]:
    mart, column = sum_.total
    if any(name not in cells.rows for name, _ in (sum_.total, *sum_.parts)):
        return
    on = list(sum_.on)
    totals = _numbered(cells, mart, column, on)
    parts = pl.concat([_numbered(cells, *part, on) for part in sum_.parts])
    together = totals.join(
        parts.group_by(on).agg(pl.col("cell").alias("parts")), on=on, how="inner"
    )
    for total, found in together.select("cell", "parts").iter_rows():
        numbers = np.array([total, *found])
        yield numbers, np.where(np.arange(numbers.size) == 0, 1.0, -1.0)


def _numbered(cells: Cells, mart: str, column: str, on: Sequence[str]) -> pl.DataFrame:
    """`on` and the number of the cell of each row that is not NULL."""
    rows = cells.rows[mart]
    if "hour_start" in on and "hour_start" not in rows.columns:
        rows = _in_hours(rows, cells.rows)
    told = rows.select(
        *on, pl.Series("cell", cells.at(mart, column)), pl.col(column).is_not_null().alias("told")
    )
    return told.filter("told").drop("told")


def _in_hours(rows: pl.DataFrame, marts: Rows) -> pl.DataFrame:
    """Quarters with the hour of the day that each is in, in their order."""
    hours = marts["zone_visits_hourly"].select("hour_start").unique().sort("hour_start")
    placed = rows.with_row_index("_row").sort("interval_start")
    joined = placed.join_asof(hours, left_on="interval_start", right_on="hour_start")
    return joined.sort("_row").drop("_row")


def _floors(cells: Cells, gates: pl.DataFrame) -> Iterator[Equation]:
    """Crossings and change of a floor in a quarter are those of the gates that lead to it."""
    names = ("floor_occupancy_15min", "gate_counts_15min")
    if any(name not in cells.rows for name in names):
        return
    leads = gates.drop_nulls("leads_from")
    sides = pl.concat(
        [
            leads.select("gate", "floor", sign=pl.lit(1.0)),
            leads.select("gate", floor="leads_from", sign=pl.lit(-1.0)).filter(
                pl.col("floor") != "outside"
            ),
        ]
    )
    on = ["floor", "interval_start"]
    crossed = pl.concat(
        [
            _numbered(cells, "gate_counts_15min", column, ["gate", "interval_start"])
            .join(sides, on="gate")
            .with_columns(pl.col("sign") * turn)
            for column, turn in (("entries", 1.0), ("exits", -1.0))
        ]
    )
    parts = crossed.group_by(on).agg("cell", "sign")
    for column in ("crossings", "change"):
        totals = _numbered(cells, "floor_occupancy_15min", column, on)
        together = totals.join(parts, on=on, how="inner", suffix="s")
        for total, found, signs in together.select("cell", "cells", "sign").iter_rows():
            turned = np.abs(signs) if column == "crossings" else np.array(signs)
            yield np.array([total, *found]), np.array([1.0, *-turned])


def _groups(cells: Cells) -> Iterator[Equation]:
    """Of groups of one size, how many people there are is told by how many groups there are."""
    mart = "groups_hourly"
    if mart not in cells.rows:
        return
    told = zip(
        cells.rows[mart]["size"],
        cells.rows[mart]["groups"],
        cells.at(mart, "groups"),
        cells.at(mart, "people"),
        strict=True,
    )
    for size, groups, of_groups, of_people in told:
        # 5 stands for five and more.
        if groups is not None and size < 5:
            yield np.array([of_people, of_groups]), np.array([1.0, -float(size)])


def _contained(cells: Cells, kind: Contains) -> Iterator[Equation]:
    if kind.mart not in cells.rows:
        return
    columns = np.stack([cells.at(kind.mart, name) for name in (kind.whole, *kind.parts)], axis=1)
    signs = np.array([1.0, *[-1.0] * len(kind.parts)])
    for numbers in columns[~np.isnan(cells.value[columns]).any(axis=1)]:
        yield numbers, signs


def _approximate(cells: Cells) -> Iterator[Equation]:
    """Crossings that were decided on whole tracks are those that were not approximate."""
    mart = "gate_counts_15min"
    if mart not in cells.rows:
        return
    names = ("entries", "exits", "approximate_crossings")
    columns = np.stack([cells.at(mart, name) for name in names], axis=1)
    for numbers in columns[cells.value[columns[:, 2]] > 0]:
        yield numbers, np.array([1.0, 1.0, -1.0])


def _paths(cells: Cells) -> Iterator[Equation]:
    """Of a camera's visitors, those whose path is none of the rows."""
    mart = "paths_daily"
    if mart not in cells.rows:
        return
    rows = cells.rows[mart].select(
        "camera", path=cells.at(mart, "trajectories"), all=cells.at(mart, "visitors_with_visit")
    )
    for _, found in rows.group_by("camera", maintain_order=True):
        # Each row has the number of all of them.
        for everybody in found["all"]:
            yield (
                np.array([everybody, *found["path"]]),
                np.array([1.0, *[-1.0] * found.height]),
            )
