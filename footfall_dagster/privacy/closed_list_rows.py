"""The closed list for rows of marts: what a row may say, by its contract and by the others.

Belongs here: rules of rows. Does not belong here: where they are stored (`closed_list_marts`,
`closed_list_ducklake`).
"""

from collections.abc import Iterator, Mapping

import duckdb
import polars as pl

from assets.marts.inputs import relations
from assets.marts.schema import MartContract
from footfall_dagster.privacy.look import Look
from vision.contract_check import Bounds, wrong_values
from vision.contract_terms import Column
from vision.site.models import Site, SiteDay

_MINUTES_APART = 6e-5
_SHARES_APART = 6e-7
_SECONDS_APART = 0.1
"""How far figures may be apart that follow from each other: each is rounded when it is stored."""


def broken(
    look: Look, held: duckdb.DuckDBPyConnection, mart: MartContract, site: Site
) -> Iterator[str]:
    """Every rule that the stored rows of a mart break, in a database that is open."""
    present = held.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = ? AND schema_name = 'main'",
        [mart.name],
    ).fetchone()
    if not present or not present[0]:
        return
    stored = held.execute(f"SELECT * FROM main.{mart.name}").pl()
    look.rows += stored.height
    if stored.columns != list(mart.schema):
        yield "other columns"
        return
    rows = stored.cast(dict(mart.schema))  # type: ignore[arg-type]
    if not rows.select(mart.key).equals(rows.select(mart.key).sort(mart.key)):
        yield "rows must be sorted by the key"
    if rows.select(mart.key).is_duplicated().any():
        yield "rows must be unique by the key"
    if rows.filter(pl.col("site") != site.id).height:
        yield "rows of a site that this audit was not given"
    for (day,), of_day in rows.filter(pl.col("site") == site.id).group_by("trading_day"):
        yield from mart_violations(of_day, mart, site.on(day))


def mart_violations(rows: pl.DataFrame, mart: MartContract, site_day: SiteDay) -> Iterator[str]:
    """Every rule that rows of one site-day break; no value is in the words.

    Args:
        rows: Of `mart`, of one site and day.
        mart: Core or published.
        site_day: The site on the day.
    """
    columns = [
        Column(column.name, column.dtype, column.unit, "", column.domain, nullable=column.nullable)
        for column in mart.columns
        if column.domain is not None
    ]
    yield from map(str, wrong_values(rows, columns, Bounds.of_site(site_day)))
    for column in mart.columns:
        if not column.nullable and column.domain is None and rows[column.name].null_count():
            yield f"column {column.name}: must not be NULL"
    tables = relations(site_day, {}, {})
    for known in (*_places(mart, site_day, tables), *_spans(mart, tables)):
        names = known.columns
        if rows.select(names).join(known, on=names, how="anti", nulls_equal=True).height:
            yield f"{' and '.join(names)} must go together as the site file has it"
    if "observed_minutes" in mart.schema:
        yield from _shares(rows, mart, tables)
    yield from _derived(rows, mart)


def _places(
    mart: MartContract, site_day: SiteDay, tables: Mapping[str, pl.DataFrame]
) -> Iterator[pl.DataFrame]:
    """What a row may say of its place."""
    of_place = [name for name in ("gate", "zone", "kind", "camera", "floor") if name in mart.schema]
    if "gate" in mart.schema:
        yield tables["gates"].select(of_place)
    elif "zone" in mart.schema:
        yield tables["zones"].select(of_place)
    elif "camera" in mart.schema:
        yield tables["cameras"].select(of_place)
    else:
        yield pl.DataFrame({"floor": [floor.id for floor in site_day.site.file.floors]})
    if "area_m2" in mart.schema:
        yield tables["zones"].select("zone", pl.col("area_m2").round(4))
    if {"zone", "shop"} <= set(mart.schema):
        yield tables["zones"].select("zone", shop="of")


def _spans(mart: MartContract, tables: Mapping[str, pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """What a row may say of its time."""
    quarters = tables["intervals"]
    if mart.span == "interval_start":
        yield quarters.select("interval_start", "local_start", "in_trading_hours")
    elif mart.span == "hour_start":
        yield quarters.group_by("hour_start").agg(
            pl.col("local_start").min(), pl.col("in_trading_hours").any()
        )


def _minutes(mart: MartContract, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """How long each span of the day is; a day is its trading hours, if it has any."""
    quarters = tables["intervals"].with_columns(
        _span=(pl.col("interval_end") - pl.col("interval_start")).dt.total_seconds() / 60
    )
    if mart.span is not None:
        return quarters.group_by(mart.span).agg(pl.col("_span").sum())
    traded = quarters.filter("in_trading_hours")
    return (traded if traded.height else quarters).select(pl.col("_span").sum())


def _shares(
    rows: pl.DataFrame, mart: MartContract, tables: Mapping[str, pl.DataFrame]
) -> Iterator[str]:
    """Figures that follow from others carry nothing of their own."""
    minutes = _minutes(mart, tables)
    timed = rows.join(minutes, on=mart.span) if mart.span else rows.join(minutes, how="cross")
    share = (timed["observed_share"] * timed["_span"] - timed["observed_minutes"]).abs()
    if (share > _MINUTES_APART + _SHARES_APART * timed["_span"]).any():
        yield "column observed_share: must follow from observed_minutes"
    unobserved = rows.filter(pl.col("observed_minutes") == 0)
    for column in mart.columns:
        if column.counted_by and column.nullable and unobserved[column.name].count():
            yield f"column {column.name}: must be NULL where nothing was observed"
    if "not_observed" in mart.schema:
        told = rows.filter(pl.col("not_observed").is_not_null() & (pl.col("observed_minutes") > 0))
        if told.height:
            yield "column not_observed: must be NULL where something was observed"
    if {"occupancy_mean", "person_seconds"} <= set(mart.schema):
        apart = (
            timed["occupancy_mean"] * timed["observed_minutes"] * 60 - timed["person_seconds"]
        ).abs()
        if (apart > _SECONDS_APART * (1 + timed["occupancy_mean"])).any():
            yield "column occupancy_mean: must follow from person_seconds"


def _derived(rows: pl.DataFrame, mart: MartContract) -> Iterator[str]:
    """A value that follows from its row is that value to the last bit, or it is a place to hide."""
    for column in mart.columns:
        if column.follows is not None:
            said = pl.col(column.name)
            apart = said.ne_missing(column.follows.cast(column.dtype))
            if rows.filter(said.is_not_null() & apart).height:
                yield f"column {column.name}: must follow from the others of its row"
