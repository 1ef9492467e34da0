"""Guesses of age and gender made into counts of many people, or into nothing.

Belongs here: one vote a track, the zones it counts for, and the fewest that may be stored. Does not
belong here: the guesses themselves (`vision.age_gender`).
"""

from collections import Counter

import numpy as np
import polars as pl

from vision.contracts import AGE_BANDS, FEWEST_GUESSED, GUESSED_STEP, ZONE_DEMOGRAPHICS_DAILY
from vision.floor import paths
from vision.protocols import View
from vision.site.models import Zone
from vision.traits import Vectors
from vision.visits import without_excluded, zone_visits

ADVICE = (
    "age_gender is on, and we advise against it: the guesses are often wrong, for some people more "
    "than for others; shoppers do not expect them, and the law may not allow them. Without "
    "privacy.age_gender in site.yaml it is off. docs/age_gender.md says more."
)
"""What is said to whoever switches it on."""

_FEWEST_LOOKS = 3
_SURE = 0.8
"""A mean probability that is further from either end than this is no vote."""
_BOX = ("x_min", "y_min", "x_max", "y_max", "confidence")

Cell = tuple[str, str, str]
"""Zone, age band, gender."""


def votes(
    tracks: pl.DataFrame,
    detections: pl.DataFrame,
    guesses: Vectors,
    view: View,
    zones: tuple[Zone, ...],
) -> Counter[Cell]:
    """How many tracks were guessed to be what, in each zone that they visited.

    A track votes once a zone. What led through an `exclude` zone is two people here as elsewhere,
    and nothing that was guessed inside one counts.

    Args:
        tracks: Rows of the `tracks` contract, made from `detections`.
        detections: Rows of the `detections` contract.
        guesses: (n, 2) of each row of `detections`: age in years, probability of being male; NaN
            where there is no guess.
        view: The camera's frame, rate and calibration.
        zones: That the camera owns.
    """
    looks = _looks_by_track(tracks, detections, guesses)
    guessed = tracks.filter(pl.col("track").is_in(looks["track"].unique().to_list()))
    if guessed.is_empty():
        return Counter()
    shortest = {zone.id: zone.min_dwell for zone in zones}
    counted: Counter[Cell] = Counter()
    for path in paths(tracks, view.homography, view).partition_by("track"):
        of_track = looks.filter(pl.col("track") == path["track"][0])
        if of_track.is_empty():
            continue
        for part in without_excluded(path, zones).partition_by("track"):
            vote = _vote(of_track.filter(pl.col("frame_at").is_in(part["at"].to_list())))
            stays = zone_visits(part, zones)
            if vote is not None:
                visited = {
                    zone
                    for zone, dwell_s in stays.select("zone", "dwell_s").iter_rows()
                    if dwell_s >= shortest[zone]
                }
                counted.update((zone, *vote) for zone in visited)
    return counted


def histogram(counted: Counter[Cell], k: int) -> pl.DataFrame:
    """Rows of the `zone_demographics_daily` contract: cells of `k` votes and more, rounded down.

    Args:
        counted: Votes by cell.
        k: Fewest votes of a cell that is stored; below `FEWEST_GUESSED` it counts as that.
    """
    fewest = max(k, FEWEST_GUESSED)
    rows = [
        (*cell, number // GUESSED_STEP * GUESSED_STEP)
        for cell, number in counted.items()
        if number >= fewest
    ]
    contract = ZONE_DEMOGRAPHICS_DAILY
    return pl.DataFrame(rows, schema=contract.schema, orient="row").sort(contract.key)


def _looks_by_track(
    tracks: pl.DataFrame, detections: pl.DataFrame, guesses: Vectors
) -> pl.DataFrame:
    made = detections.with_columns(
        age=pl.Series(guesses[:, 0].astype(np.float64)),
        male=pl.Series(guesses[:, 1].astype(np.float64)),
    ).filter(pl.col("age").is_finite() & pl.col("male").is_finite())
    same = ["frame_at", *_BOX]
    # Two boxes that are equal in every figure cannot be told apart, so neither is counted.
    return tracks.join(made.unique(subset=same, keep="none"), on=same, how="inner").select(
        "track", "frame_at", "age", "male"
    )


def _vote(looks: pl.DataFrame) -> tuple[str, str] | None:
    """Age band and gender; None where too little was seen, it is in doubt, or it is a child."""
    if looks.height < _FEWEST_LOOKS:
        return None
    age, male = float(looks["age"].to_numpy().mean()), float(looks["male"].to_numpy().mean())
    if 1 - _SURE < male < _SURE:
        return None
    band = next((name for name, (low, high) in AGE_BANDS.items() if low <= age < high), None)
    return None if band is None else (band, "male" if male >= _SURE else "female")
