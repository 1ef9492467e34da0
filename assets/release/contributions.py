"""Who counts in which cell of a mart, so that what one person brings is bounded.

Belongs here: visits by trajectory, and which of them count. Does not belong here: noise
(`assets.release.noise`), the exact mart (sql/zone_visits_hourly.sql).

`gate_events` and `zone_visits` are stored without whose they are, on purpose, so nothing of one
person can be bounded in them. Trajectories are of one person each, so visits are made of them anew.
What counts of a trajectory depends on it alone: whom else the day has seen takes nothing from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from assets.marts.inputs import relations
from assets.marts.positions import SCANS, scanned
from assets.storage import CameraDays
from vision.contract_terms import INSTANT
from vision.contracts import ANONYMISED_TRAJECTORIES
from vision.site.models import SiteDay

_STAYS = "zone_stays"
VISITS = pl.Schema(
    {
        "camera": pl.String(),
        "trajectory": pl.Int32(),
        "zone": pl.String(),
        "hour_start": INSTANT,
        "entered_at": INSTANT,
    }
)
"""One visit of one trajectory: a stay of at least the zone's min_dwell, in the hour it began."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What the trajectories of a site-day tell.

    Attributes:
        visits: Rows of `VISITS`, in no order.
        cameras: Those that have trajectories in metres, be it of nobody.
    """

    visits: pl.DataFrame
    cameras: tuple[str, ...]


def followed(site_day: SiteDay, lake: CameraDays) -> Followed:
    """Visits by trajectory, read one camera at a time.

    Everybody counts, staff too, as in the exact mart. A camera that failed its privacy check tells
    nothing.
    """
    failed = lake.failed(site_day.day)
    tables = relations(site_day, {}, {}, failed=failed)
    parts = [VISITS.to_frame()]
    cameras = []
    for camera, entry in sorted(site_day.cameras.items()):
        if not entry.calibrated or camera in failed:
            continue
        rows = lake.counted(ANONYMISED_TRAJECTORIES.name, site_day.day, camera)
        if rows is not None:
            stays = scanned([_STAYS], {camera: rows}, site_day, tables)[_STAYS]
            parts.append(visits(stays, tables))
            cameras.append(camera)
    return Followed(pl.concat(parts), tuple(cameras))


def visits(stays: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Those stays that are visits, and the hour in which each began.

    Args:
        stays: camera, and the columns of the scan `zone_stays`.
        tables: The relations `zones` and `intervals` of the day.

    Returns:
        Rows of `VISITS`.
    """
    hours = (
        tables["intervals"]
        .group_by("hour_start")
        .agg(hour_end=pl.col("interval_end").max())
        .sort("hour_start")
    )
    lasted_s = (pl.col("left_at") - pl.col("entered_at")).dt.total_microseconds() / 1e6
    return (
        stays.select("camera", *SCANS[_STAYS])
        .join(tables["zones"].select("camera", "zone", "min_dwell_s"), on=["camera", "zone"])
        .filter(lasted_s >= pl.col("min_dwell_s"))
        .sort("entered_at")
        .join_asof(hours, left_on="entered_at", right_on="hour_start")
        .filter(pl.col("entered_at") < pl.col("hour_end"))
        .select(VISITS.names())
    )


def bounded(counted: pl.DataFrame, cells_per_person: int) -> pl.DataFrame:
    """At most so many cells for each trajectory, the first that it came to.

    Args:
        counted: camera, trajectory, cell, entered_at; a cell may occur several times.
        cells_per_person: How many cells of a trajectory count.

    Returns:
        camera, trajectory, cell: each pair once. Of cells that were entered in the same second the
        one with the lower number comes first.
    """
    person = ["camera", "trajectory"]
    return (
        counted.group_by(*person, "cell")
        .agg(pl.col("entered_at").min())
        .sort(*person, "entered_at", "cell")
        .group_by(person, maintain_order=True)
        .head(cells_per_person)
        .select(*person, "cell")
    )
