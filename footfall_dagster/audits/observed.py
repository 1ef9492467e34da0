"""What cameras observed of a day, and how far their gates are from counts by eye.

Belongs here: running the SQL of the marts of counts by eye on what the lake holds, before any mart
is made of it. Does not belong here: that SQL.
"""

from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from assets.marts.inputs import relations
from assets.marts.of_gates import GATE_ACCURACY_DAILY, GATE_AUDITS
from assets.marts.queries import connected, evaluated, reads, versioned_query
from assets.marts.schema import MartContract
from footfall_dagster.lake import Lake
from vision.contracts import GATE_EVENTS
from vision.contracts_ingest import COVERAGE
from vision.site.models import SiteDay

Tables = Mapping[str, pl.DataFrame]
_EVER = 100_000
"""More days than any site has: all counts are asked about, whenever they were."""


def tables_of(lake: Lake, site_day: SiteDay) -> dict[str, pl.DataFrame]:
    """The relations that `gate_audits` reads of a day; nothing of cameras that did not deliver."""
    day = site_day.day
    stored = {
        contract.name: {
            camera: rows
            for camera in site_day.cameras
            if (rows := lake.counted(contract.name, day, camera)) is not None
        }
        for contract in (COVERAGE, GATE_EVENTS)
    }
    tables = relations(site_day, stored.pop(COVERAGE.name), stored, failed=lake.failed(day))
    return tables | evaluated(reads(GATE_AUDITS.name).relations, tables)


def compared(tables: Tables) -> pl.DataFrame:
    """Rows of `gate_audits` of a day; without counts where some minute was not observed."""
    return _computed(GATE_AUDITS, tables)


def exactness(audits: pl.DataFrame, tables: Tables) -> pl.DataFrame:
    """Rows of `gate_accuracy_daily` by the counts that are given and no others, of any day.

    Args:
        audits: Rows of `gate_audits`.
        tables: The relations of the last of their days.
    """
    site_day = tables["site_day"].with_columns(audit_days=pl.lit(_EVER, pl.Int32))
    needed = evaluated(reads(GATE_ACCURACY_DAILY.name).relations, tables)
    return _computed(
        GATE_ACCURACY_DAILY,
        {**tables, **needed, "site_day": site_day, GATE_AUDITS.name: audits},
    )


def of_direction(audits: pl.DataFrame, direction: str) -> pl.DataFrame:
    """Counts in which nobody went the other way: `direction` is `entries` or `exits`."""
    others: Iterable[str] = [
        name
        for name in ("audited_entries", "audited_exits", "gate_entries", "gate_exits")
        if not name.endswith(direction)
    ]
    return audits.with_columns(pl.lit(0, pl.Int32).alias(name) for name in others)


def together(rows: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Rows of `gate_audits` of several days."""
    return pl.concat([GATE_AUDITS.empty(), *rows])


def _computed(mart: MartContract, tables: Tables) -> pl.DataFrame:
    with connected() as connection:
        for name, rows in tables.items():
            connection.register(name, rows)
        rows = connection.execute(versioned_query(mart.name)).pl()
    return rows.cast(dict(mart.schema)).sort(mart.key)  # type: ignore[arg-type]
