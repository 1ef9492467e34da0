"""What a report tells of the ways that people take: capture, engagement, queues, groups, paths.

Belongs here: sums and rates of marts that follow people within one view, and of what space is
worth. Does not belong here: definitions of figures (sql/), crossings and stays
(`assets.reports.figures`), drawing (`assets.reports.sankey`).

All take rows of one day or of several, and keep figures of different definitions apart. Rates are
of summed counts.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.reports.sankey import Flow
from assets.reports.told import (
    NOBODY,
    Told,
    figure,
    gapless_or,
    in_hours,
    most,
    ratio,
    share,
    total,
)

_SIZES = range(1, 6)
_MOST_PATHS = 10


@dataclass(frozen=True, slots=True)
class Of:
    """What a row of a table is of, and its figures by column.

    Attributes:
        names: The place, by what it is called: `zone`, `shop`, `camera`.
        version: Of the definition.
        figures: By the name of the column, or of the figure where no column has it.
        known: Of how many of the rows of trading hours there are figures, and of how many not.
        observed_share: Of the trading hours.
    """

    names: Mapping[str, str]
    version: int
    figures: Mapping[str, Told]
    known: tuple[int, int]
    observed_share: float

    def __getitem__(self, name: str) -> Told:
        """A figure."""
        return self.figures[name]


def capture(rows: pl.DataFrame) -> list[Of]:
    """Who passed each shop front and who went in."""
    return [
        _of(
            own,
            ("zone", "shop", "camera"),
            "entries",
            {
                **{name: total(own, name) for name in ("traffic", "passers_by", "entries")},
                "capture_rate": ratio(own, "entries", ("entries", "passers_by")),
                "exposure_rate": ratio(
                    own.with_columns(came_by=pl.col("entries") + pl.col("passers_by")),
                    "came_by",
                    ("traffic",),
                ),
            },
        )
        for own in _by(rows, "zone")
    ]


def engagement(rows: pl.DataFrame) -> list[Of]:
    """Who came to each display and who slowed down for it."""
    return [
        _of(
            own,
            ("zone", "camera"),
            "exposed",
            {
                **{name: total(own, name) for name in ("exposed", "engaged", "attention_seconds")},
                "engagement_rate": ratio(own, "engaged", ("exposed",)),
                "attention_each": ratio(own, "attention_seconds", ("engaged",)),
            },
        )
        for own in _by(rows, "zone")
    ]


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: its figures, and the quarter of an hour whose slowest waits were longest, UTC."""

    row: Of
    slowest_at: dt.datetime | None


def queues(rows: pl.DataFrame) -> list[Queue]:
    """How long each queue was, and what came of the waits."""
    found = []
    for own in _by(rows, "zone"):
        timed = own.with_columns(
            people_minutes=pl.col("length_mean") * pl.col("observed_minutes"),
            minutes=pl.when(pl.col("length_mean").is_not_null()).then("observed_minutes"),
        )
        slowest = own.drop_nulls("wait_p90_s").sort(
            "wait_p90_s", "interval_start", descending=[True, False]
        )
        outcomes = {name: total(own, name) for name in ("served", "abandoned")}
        rate = ratio(own, "abandoned", ("served", "abandoned"))
        if own["served"].null_count() == own.height and own["waits"].null_count() < own.height:
            # The queue does not say what people wait for, or nobody is followed.
            outcomes, rate = dict.fromkeys(outcomes, NOBODY), NOBODY
        row = _of(
            own,
            ("zone", "camera"),
            "waits",
            {
                "waits": total(own, "waits"),
                "length_peak": most(own, "length_peak"),
                "length_mean": ratio(timed, "people_minutes", ("minutes",)),
                "wait_p90_s": Told(slowest["wait_p90_s"][0], "whole") if slowest.height else NOBODY,
                "abandonment_rate": rate,
                **outcomes,
            },
        )
        found.append(Queue(row, slowest["interval_start"][0] if slowest.height else None))
    return found


def groups(rows: pl.DataFrame) -> list[Of]:
    """In groups of which size people came, by camera."""
    found = []
    for own in _by(rows, "camera"):
        sizes = {size: own.filter(pl.col("size") == size) for size in _SIZES}
        known = own.filter(
            pl.col("groups").is_not_null().all().over("trading_day", "hour_start"),
            pl.col("people").is_not_null().all().over("trading_day", "hour_start"),
        ).with_columns(in_company=pl.when(pl.col("size") > 1).then("people").otherwise(0))
        found.append(
            _of(
                sizes[1],
                ("camera",),
                "groups",
                {
                    **{f"of_{size}": total(sizes[size], "groups") for size in _SIZES},
                    "people_each": ratio(known, "people", ("groups",), own),
                    "in_company": ratio(known, "in_company", ("people",), own),
                },
            )
        )
    return found


def flows(rows: pl.DataFrame) -> list[tuple[str, list[Flow]]]:
    """Who went from which zone to which, by camera, most first."""
    found = []
    for (camera,), own in rows.group_by("camera", maintain_order=True):
        summed = (
            own.group_by("from_zone", "to_zone")
            .agg(pl.col("trajectories").sum())
            .sort("trajectories", "from_zone", "to_zone", descending=[True, False, False])
        )
        told = [Flow(*row) for row in summed.iter_rows()]
        found.append((str(camera), told))
    return sorted(found)


def paths(rows: pl.DataFrame) -> list[tuple[str, list[dict[str, Any]]]]:
    """The most frequent ways through each camera's view on one day."""
    found = []
    for (camera,), own in rows.group_by("camera", maintain_order=True):
        first = own.sort("rank", "path").head(_MOST_PATHS)
        found.append((str(camera), list(first.iter_rows(named=True))))
    return sorted(found, key=lambda one: one[0])


def affinity(rows: pl.DataFrame) -> list[Of]:
    """Which shops were visited together in the week that ends with a day: the most often first."""
    names = ("visitors_of_both", "visitors_of_shop", "visitors_of_other", "support", "lift")
    found = []
    for row in rows.iter_rows(named=True):
        told = row | {"observed_share": row["observed_days"]}
        found.append(
            Of(
                {name: row[name] for name in ("shop", "other_shop", "camera")},
                row["definition_version"],
                {name: figure(told, name) for name in names},
                (row["observed_days"], 7),
                row["observed_days"] / 7,
            )
        )
    return sorted(found, key=lambda one: -(one["lift"].value or 0))


def space_value(rows: pl.DataFrame) -> list[Of]:
    """What each zone was worth by the square metre on one day, by kind and then the best first."""
    names = (
        "visits_per_m2",
        "person_seconds_per_m2",
        "attention_seconds_per_m2",
        "share",
        "rank",
        "change_week",
        "change_year",
    )
    found = []
    for row in rows.iter_rows(named=True):
        figures = {name: figure(row, name) for name in names}
        figures["visits"] = gapless_or(row, "visits", "visits_observed")
        figures["area_m2"] = Told(row["area_m2"], "whole")
        found.append(
            Of(
                {name: row[name] for name in ("zone", "kind", "camera")},
                row["definition_version"],
                figures,
                (1, 1),
                row["observed_share"],
            )
        )
    return sorted(
        found,
        key=lambda one: (
            one.names["kind"],
            -(one["visits_per_m2"].value or 0),
            one.names["zone"],
        ),
    )


def _by(rows: pl.DataFrame, place: str) -> Iterator[pl.DataFrame]:
    """Rows of each place and definition, by name."""
    for _, own in rows.sort(place, "definition_version", maintain_order=True).group_by(
        place, "definition_version", maintain_order=True
    ):
        yield own


def _of(own: pl.DataFrame, names: tuple[str, ...], count: str, figures: Mapping[str, Told]) -> Of:
    hours = in_hours(own)
    return Of(
        {name: own[name][0] for name in names},
        int(own["definition_version"][0]),
        figures,
        (hours[count].drop_nulls().len(), hours.height),
        share(own, 60 if "hour_start" in own.columns else 15),
    )
