"""The rules that rows of the marts obey, as Great Expectations expectations.

Belongs here: which expectation holds for which column, most of it read from the contracts. Does not
belong here: running them (`footfall_dagster.checks.marts`), or the totals that marts are
compared with (`footfall_dagster.checks.mart_totals`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import polars as pl

from assets.marts.of_ways import HEATMAP_HOURLY
from assets.marts.of_zones import OCCUPANCY_15MIN, ZONE_VISITS_HOURLY
from assets.marts.schema import MartColumn, MartContract
from vision.contract_terms import InTradingDay, Matches, OneOf, Range, SiteWay, SiteWord
from vision.site.models import SiteDay

Condition = tuple[str, Literal["==", ">"], float]
"""A column, how it compares, and with what."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation.

    Attributes:
        name: What is expected, as a person says it.
        expectation: Class name in `great_expectations.expectations`.
        arguments: Its keyword arguments.
        where: Rows that it looks at, by the value of a column; None for all.
        notes: What a reader of Data Docs wants to know besides.
    """

    name: str
    expectation: str
    arguments: Mapping[str, Any]
    where: Condition | None = None
    notes: str = ""


def rules(mart: MartContract, site_day: SiteDay, tables: Mapping[str, pl.DataFrame]) -> list[Rule]:
    """The rules of the rows of `mart` on one site-day.

    Args:
        mart: The mart.
        site_day: The site on the day.
        tables: The relations of the day, as `assets.marts.inputs.relations` makes them.
    """
    return [
        Rule(
            "the columns of the contract, in order",
            "ExpectTableColumnsToMatchOrderedList",
            {"column_list": list(mart.schema)},
        ),
        Rule(
            f"one row for each {', '.join(mart.key)}",
            "ExpectCompoundColumnsToBeUnique",
            {"column_list": list(mart.key)},
            notes=f"One row is {mart.grain}.",
        ),
        *_rows_expected(mart, tables),
        *(
            _noted(rule, column)
            for column in mart.columns
            for rule in (*_column_rules(column, site_day), *_observation_rules(mart, column))
        ),
        *(_never_above(smaller, larger) for smaller, larger in mart.never_above),
        *_OF_MART.get(mart.name, ()),
    ]


def equal_totals(measures: Sequence[str]) -> list[Rule]:
    """On a frame with `<measure>` and `<measure>_of_events`: each total equals its events."""
    return [
        Rule(
            f"{measure} of the day equal what the events say",
            "ExpectColumnPairValuesToBeEqual",
            {
                "column_A": measure,
                "column_B": f"{measure}_of_events",
                "ignore_row_if": "neither",
            },
            notes="Counted anew from the events, without the SQL that makes the mart.",
        )
        for measure in measures
    ]


def _noted(rule: Rule, column: MartColumn) -> Rule:
    unit = f" [{column.unit}]" if column.unit not in {"", "1"} else ""
    return replace(rule, notes=f"{column.name}: {column.description}{unit}.")


def _rows_expected(mart: MartContract, tables: Mapping[str, pl.DataFrame]) -> Iterator[Rule]:
    if mart.places is not None:
        spans = tables["intervals"][mart.span].n_unique() if mart.span else 1
        yield Rule(
            "a row for every place and span of the day",
            "ExpectTableRowCountToEqual",
            {"value": spans * mart.places(tables)},
        )


def _column_rules(column: MartColumn, site_day: SiteDay) -> Iterator[Rule]:
    if not column.nullable:
        yield Rule(
            f"{column.name} is there", "ExpectColumnValuesToNotBeNull", {"column": column.name}
        )
    match column.domain:
        case Range(low, high, _):
            yield Rule(
                f"{column.name} from {low:g} to {high:g}",
                "ExpectColumnValuesToBeBetween",
                {"column": column.name, "min_value": low, "max_value": high},
            )
        case InTradingDay():
            start, end = site_day.window
            yield Rule(
                f"{column.name} within the trading day",
                "ExpectColumnValuesToBeBetween",
                {
                    "column": column.name,
                    "min_value": start,
                    "max_value": end,
                    "strict_max": True,
                },
            )
        case OneOf(values):
            yield _one_of(column, values)
        case SiteWay():
            # Whether they are the site's is the wall's to say; an expectation that names them all
            # is nothing to read.
            zone = "[a-z][a-z0-9_]{0,39}"
            yield Rule(
                f"{column.name} is zones one after the other",
                "ExpectColumnValuesToMatchRegex",
                {"column": column.name, "regex": rf"^{zone}(?: > {zone})*(?: > \.\.\.)?$"},
            )
        case SiteWord(kind):
            yield _one_of(column, sorted(site_day.gates if kind == "gate" else site_day.zones))
        case Matches(pattern):
            yield Rule(
                f"{column.name} is a name as site files write it",
                "ExpectColumnValuesToMatchRegex",
                {"column": column.name, "regex": f"^(?:{pattern})$"},
            )
        case None:
            pass


def _one_of(column: MartColumn, words: Sequence[str]) -> Rule:
    return Rule(
        f"{column.name} is one that the site file declares",
        "ExpectColumnValuesToBeInSet",
        {"column": column.name, "value_set": list(words)},
    )


def _observation_rules(mart: MartContract, column: MartColumn) -> Iterator[Rule]:
    if not column.counted_by or not column.nullable or "observed_minutes" not in mart.schema:
        return
    yield Rule(
        f"{column.name} is NULL where nothing was observed",
        "ExpectColumnValuesToBeNull",
        {"column": column.name},
        where=("observed_minutes", "==", 0),
    )
    if not column.null_where_nobody:
        yield Rule(
            f"{column.name} is a number where something was observed",
            "ExpectColumnValuesToNotBeNull",
            {"column": column.name},
            where=("observed_minutes", ">", 0),
        )


def _never_above(smaller: str, larger: str, where: Condition | None = None) -> Rule:
    return Rule(
        f"{smaller} never above {larger}",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {
            "column_A": larger,
            "column_B": smaller,
            "or_equal": True,
            "ignore_row_if": "either_value_is_missing",
        },
        where,
    )


_OF_MART: Mapping[str, tuple[Rule, ...]] = {
    ZONE_VISITS_HOURLY.name: (
        Rule(
            "a dwell wherever there were visits",
            "ExpectColumnValuesToNotBeNull",
            {"column": "dwell_median_s"},
            where=("visits", ">", 0),
        ),
        Rule(
            "no dwell without visits",
            "ExpectColumnValuesToBeNull",
            {"column": "dwell_median_s"},
            where=("visits", "==", 0),
        ),
    ),
    OCCUPANCY_15MIN.name: (
        # Where half an interval was observed, a stay may still reach into the other half.
        _never_above("occupancy_mean", "occupancy_peak", where=("observed_share", "==", 1)),
    ),
    HEATMAP_HOURLY.name: (
        Rule(
            "no presence without coverage",
            "ExpectColumnValuesToBeBetween",
            {"column": "observed_minutes", "min_value": 0, "strict_min": True},
        ),
    ),
}
