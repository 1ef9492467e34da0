"""A mart released with noise: which marts can be, and the rows of one site-day.

Belongs here: putting contributions, noise and kept draws together. Does not belong here: the parts
(`assets.release.contributions`, `noise`, `pieces`), or which mart of a site is released how.

What epsilon holds for, and what it does not: the rows of this mart, one person's stored
trajectories of one day, of at most `pieces_per_person`. Other marts of the day that are released
in other ways tell of the same people without noise. That somebody's way broke the track of another
is not covered, nor is that a day was drawn anew: that its input has changed can be seen.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from assets.marts.contracts import DATA_QUALITY_DAILY
from assets.marts.inputs import UNCALIBRATED
from assets.marts.of_gates import FOOTFALL_DAILY
from assets.marts.of_zones import ZONE_VISITS_HOURLY
from assets.release.contributions import Followed, bounded, followed
from assets.release.noise import mechanism
from assets.release.pieces import pieces_measured
from assets.storage import Asked, CameraDays, Drawn, Figures, NoiseLedger
from vision.contract_terms import Range
from vision.contracts import ANONYMISED_TRAJECTORIES
from vision.site.models import SiteDay
from vision.site.release import Noise

NOISY_MARTS = frozenset({ZONE_VISITS_HOURLY.name})
"""Marts that can be released with noise: those whose rows are of places and hours that are there
whoever comes, and whose figure can be counted on trajectories."""
NEEDED = (ZONE_VISITS_HOURLY, DATA_QUALITY_DAILY, FOOTFALL_DAILY)
"""Core marts whose rows `noisy_rows` wants; of the last two it takes what there is."""

_MART = ZONE_VISITS_HOURLY
_FIGURE = "visits"
_PLACE = ("zone", "hour_start")
_WITHHELD = "withheld"
_SCHEME = 1
"""To be raised when figures of the same input would be drawn differently."""


class NotDrawableError(ValueError):
    """Nothing can be drawn, and nothing is kept; says what to do."""


@dataclass(frozen=True, slots=True)
class Noisy:
    """A mart of one site-day as it may be released.

    Attributes:
        rows: Of the mart's columns; every figure but one is NULL.
        drawn: What is kept of it; None where no camera could be followed, so nothing was drawn.
        asked: What it was drawn for; None too where it was drawn before trajectories were deleted.
    """

    rows: pl.DataFrame
    drawn: Drawn | None
    asked: Asked | None

    @property
    def metadata(self) -> dict[str, float | int | bool]:
        """What Dagster shows of it. It is for the owner: measured pieces are exact."""
        told: dict[str, float | int | bool] = {}
        if self.drawn is not None:
            told |= {
                "noisy_release": self.drawn.number,
                "drawn_anew": self.drawn.is_new,
                "epsilon_spent_on_day": round(self.drawn.spent, 4),
            }
        if self.asked is not None:
            told |= {
                "epsilon": self.asked.noise.epsilon,
                "budget": self.asked.noise.budget,
                "pieces_per_person_promised": self.asked.noise.pieces_per_person,
                "pieces_per_person_measured": self.asked.pieces,
                "epsilon_by_pieces_measured": round(self.asked.cost, 4),
            }
        return told

    @property
    def warning(self) -> str | None:
        """What to say where people are in more pieces than the site says; else None."""
        asked = self.asked
        if asked is None or asked.pieces <= asked.noise.pieces_per_person:
            return None
        return (
            f"{asked.mart} of {asked.day}: people were stored in {asked.pieces:g} pieces each, a "
            f"mean, and privacy.release.noise.pieces_per_person is "
            f"{asked.noise.pieces_per_person}. So a release costs a person {asked.cost:g} and not "
            f"{asked.noise.epsilon:g}, and the day's budget is charged with that. Set "
            "pieces_per_person to what people are in, which makes the noise as much larger"
        )


def noisy_rows(
    site_day: SiteDay, exact: Mapping[str, pl.DataFrame], lake: CameraDays, ledger: NoiseLedger
) -> Noisy:
    """Release one site-day of `zone_visits_hourly` with noise, or as it was released before.

    `visits` becomes how many trajectories visited the zone in the hour: of each only the first
    cells count, however often it comes back within the hour it counts once, and then there is
    noise. What would be below 0 is 0, so sums over many quiet cells are too high: an empty cell is
    told half a scale too high on average. All other figures are NULL. Rows of zones whose camera
    has no trajectories say so in `not_observed`, and that 0 minutes stand behind them.

    Args:
        site_day: The site on the day.
        exact: Core rows of the day, of each mart in `NEEDED`.
        lake: Where trajectories are.
        ledger: Where draws are kept.

    Raises:
        BudgetSpentError: A new draw would cost more than the day has left.
        NotDrawableError: Trajectories were deleted by age, and no draw of these rows is kept.
    """
    rows = exact[_MART.name].sort(_MART.key)
    # Of one camera is enough: a draw without it would be another release.
    if lake.purged(ANONYMISED_TRAJECTORIES.name, site_day.day):
        drawn = _kept(rows, site_day, ledger)
        return Noisy(_released(rows, drawn.figures, site_day), drawn, None)
    known = followed(site_day, lake)
    cells = _cells(rows, known)
    if cells.is_empty():
        return Noisy(_released(rows, (None,) * rows.height, site_day), None, None)
    noise = site_day.site.file.privacy.release.noise
    counted = bounded(
        known.visits.join(cells, on=["camera", *_PLACE]).select(
            "camera", "trajectory", "cell", "entered_at"
        ),
        noise.cells_per_person,
    )
    pieces = pieces_measured(counted, exact[DATA_QUALITY_DAILY.name], exact[FOOTFALL_DAILY.name])
    asked = Asked(
        site_day.site.id,
        site_day.day,
        _MART.name,
        noise,
        pieces,
        rows=_digest(_keys(rows)),
        content=_digest(
            [
                _SCHEME,
                [noise.epsilon, noise.cells_per_person, noise.pieces_per_person],
                _keys(rows),
                cells["row"].to_list(),
                sorted(counted["cell"].value_counts().rows()),
            ]
        ),
    )
    drawn = ledger.kept_or_drawn(asked, lambda: _draw(rows, cells, counted, noise))
    return Noisy(_released(rows, drawn.figures, site_day), drawn, asked)


def _kept(rows: pl.DataFrame, site_day: SiteDay, ledger: NoiseLedger) -> Drawn:
    """The latest draw of these rows, since there is nothing any more to make another of."""
    drawn = ledger.last(site_day.site.id, site_day.day, _MART.name, _digest(_keys(rows)))
    if drawn is None:
        raise NotDrawableError(
            f"{_MART.name} of {site_day.day} cannot be released with noise: the trajectories that "
            "it is counted on were deleted by age (privacy.retention), and no earlier release of "
            "these zones and hours is kept. Leave what is published as it is"
        )
    return drawn


def _cells(rows: pl.DataFrame, known: Followed) -> pl.DataFrame:
    """The rows that get a figure, by what was recorded and not by who was there.

    Returns:
        camera, zone, hour_start; row: its number among `rows`; cell: its number among these.
    """
    return (
        rows.with_row_index("row")
        .filter(pl.col("observed_minutes") > 0, pl.col("camera").is_in(known.cameras))
        .with_row_index("cell")
        .select("camera", *_PLACE, pl.col("row", "cell").cast(pl.Int64))
    )


def _draw(rows: pl.DataFrame, cells: pl.DataFrame, counted: pl.DataFrame, noise: Noise) -> Figures:
    """Noisy counts, as they may stand in the mart: 0 at least.

    Drawn values below 0 are not kept anywhere. Besides, hundreds of small numbers of either sign
    are what the search takes for a vector, and rightly.
    """
    figures: list[int | None] = [None] * rows.height
    drawn = mechanism(noise, cells.height)(counted["cell"])
    for row, value in zip(cells["row"], drawn, strict=True):
        figures[row] = min(max(value, 0), _most())
    return tuple(figures)


def _released(rows: pl.DataFrame, figures: Figures, site_day: SiteDay) -> pl.DataFrame:
    """`rows` with the figures in place of all that is of people.

    Which rows have no trajectories behind them is told by the figures, so that a release is the
    same again once trajectories are gone.
    """
    measures = [column for column in _MART.columns if column.counted_by]
    why = {
        camera: _WITHHELD if entry.calibrated else UNCALIBRATED
        for camera, entry in site_day.cameras.items()
    }
    figure = pl.Series(figures, dtype=_MART[_FIGURE].dtype)
    observed = pl.col("observed_minutes") > 0
    untold = observed & figure.is_null()
    return rows.with_columns(
        *(pl.lit(None, dtype=column.dtype).alias(column.name) for column in measures),
        *(
            pl.when(untold).then(0.0).otherwise(name).alias(name)
            for name in ("observed_minutes", "observed_share")
        ),
        pl.when(untold)
        .then(pl.col("camera").replace_strict(why, return_dtype=pl.String))
        .otherwise("not_observed")
        .alias("not_observed"),
    ).with_columns(pl.when(observed).then(figure).alias(_FIGURE))


def _most() -> int:
    domain = _MART[_FIGURE].domain
    assert isinstance(domain, Range)
    return int(domain.high)


def _keys(rows: pl.DataFrame) -> list[list[str]]:
    return [[zone, hour.isoformat()] for zone, hour in rows.select(_PLACE).iter_rows()]


def _digest(told: object) -> str:
    return hashlib.sha256(json.dumps(told, separators=(",", ":")).encode()).hexdigest()
