"""The same weekday a week before, to hold a day against.

Belongs here: whether two days can be compared, and the rows to compare with. Does not belong here:
drawing them (`assets.reports.charts`).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from assets.marts.of_gates import FOOTFALL_DAILY, GATE_COUNTS_15MIN
from assets.marts.schema import MartContract
from assets.reports.told import Told, gapless_or, with_suppressed

WEEK = dt.timedelta(days=7)
COMPARED: Mapping[str, MartContract] = {
    mart.name: mart for mart in (GATE_COUNTS_15MIN, FOOTFALL_DAILY)
}
"""Marts of which the page of a day shows the week before as well."""


@dataclass(frozen=True, slots=True)
class Before:
    """The day a week before.

    Attributes:
        day: Which it was.
        why_not: Why nothing is compared with it; None where something is.
        rows: Of `gate_counts_15min`, moved to the day that is told of.
        daily: Of `footfall_daily`.
    """

    day: dt.date
    why_not: str | None
    rows: pl.DataFrame
    daily: pl.DataFrame

    @classmethod
    def of(
        cls, day: dt.date, now: Mapping[str, pl.DataFrame], then: Mapping[str, pl.DataFrame]
    ) -> "Before":
        """The day before `day`, by the rows of both; `then` is empty where there are none."""
        earlier = {
            name: with_suppressed(then.get(name, mart.empty())) for name, mart in COMPARED.items()
        }
        name = GATE_COUNTS_15MIN.name
        return cls(
            day=day - WEEK,
            why_not=_why_not(now[name], earlier[name]),
            rows=_moved(now[name], earlier[name]),
            daily=earlier[FOOTFALL_DAILY.name],
        )

    def of_gate(self, gate: str) -> pl.DataFrame | None:
        """Rows of one gate, by time; None where there is nothing to compare with."""
        own = self.rows.filter(pl.col("gate") == gate).sort("interval_start")
        told = own.select(pl.any_horizontal("entries", "exits").is_not_null().any()).item()
        return None if self.why_not or own.is_empty() or not told else own

    def entries(self, gate: str) -> Told | None:
        """Entries by an entrance on that day; None where it was none then, or all is otherwise."""
        if self.why_not:
            return None
        own = list(self.daily.filter(pl.col("gate") == gate).iter_rows(named=True))
        return gapless_or(own[0], "entries", "entries_observed") if own else None

    def change(self, gate: str, entries: Told) -> float | None:
        """By how much entries changed, as a share; None where one of the days has a gap."""
        then = self.entries(gate)
        if then is None or not (then.is_whole and entries.is_whole) or not then.value:
            return None
        return (entries.value or 0) / then.value - 1


def _why_not(now: pl.DataFrame, then: pl.DataFrame) -> str | None:
    if then.is_empty():
        return "there are no figures of it"
    if then.select(pl.all_horizontal(pl.col("entries", "exits").is_null()).all()).item():
        return "nothing of it can be told"
    versions = {*now["definition_version"], *then["definition_version"]}
    return "crossings were then defined otherwise" if len(versions) > 1 else None


def _moved(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    """Counts of the day before at the same time on the clocks, not the same number of hours on."""
    shifted = then.select("gate", pl.col("local_start") + WEEK, "entries", "exits").unique(
        ["gate", "local_start"], keep="first", maintain_order=True
    )
    return now.select("gate", "local_start", "interval_start").join(
        shifted, on=["gate", "local_start"], how="left", maintain_order="left"
    )
