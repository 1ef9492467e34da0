"""People who come on two days, and whether anything stored tells that they are the same.

Belongs here: planting them in the simulator, finding the trajectory of each, and looking for them
by nearest neighbours. Does not belong here: running a camera-day (`tests.integration`).

A repeat visitor has the same clothes, the same height and, where nobody comes with them and they
wait in no line, the same pace on both days; they come at other times and go other ways.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.simulate import itinerary
from vision.simulate.itinerary import Person

Array = NDArray[np.float64]
_NEAR_M = 1.0


def crowd_of_regulars(order: int) -> Callable[..., list[Person]]:
    """`vision.simulate.itinerary.crowd`, whose people are numbered by who they are.

    Args:
        order: Seed of who comes when.
    """

    def crowd(rng, plan, moments, numbered=0) -> list[Person]:
        drawn = itinerary.crowd(rng, plan, moments, numbered)
        shuffled = np.random.default_rng(order).permutation(len(drawn))
        who = {
            one.number: numbered + int(place) for one, place in zip(drawn, shuffled, strict=True)
        }
        company = Counter(one.group for one in drawn)
        return [_as(one, who[one.number], who[one.group], company[one.group]) for one in drawn]

    return crowd


def stature(person: int) -> float:
    """How tall somebody is on any day, metres."""
    return float(np.clip(np.random.default_rng([7, person]).normal(1.72, 0.09), 1.5, 1.95))


def _as(one: Person, number: int, group: int, together: int) -> Person:
    pace = float(np.clip(np.random.default_rng([8, number]).normal(1.2, 0.17), 0.8, 1.6))
    own = one.turn is None and together == 1
    return replace(
        one, number=number, height=stature(number), speed=pace if own else one.speed, group=group
    )


def trajectory_of(trajectories: pl.DataFrame, paths: pl.DataFrame) -> dict[int, int]:
    """The trajectory that each person left, where one is sure.

    Args:
        trajectories: Rows of `anonymised_trajectories` of a camera-day.
        paths: True ones: person, at, x_m, y_m.

    Returns:
        The longest trajectory of each person, by person.
    """
    off = ((pl.col("x_m") - pl.col("x_true")) ** 2 + (pl.col("y_m") - pl.col("y_true")) ** 2).sqrt()
    truth = paths.select("person", "at", x_true="x_m", y_true="y_m")
    near = (
        trajectories.join(truth, on="at")
        .group_by("trajectory", "person")
        .agg(off.mean().alias("off"), pl.len().alias("seconds"))
        .filter(pl.col("off") < _NEAR_M)
        .sort("trajectory", "off")
        .unique("trajectory", keep="first", maintain_order=True)
        .sort("person", "seconds", descending=[False, True])
        .unique("person", keep="first", maintain_order=True)
    )
    return dict(near.select("person", "trajectory").iter_rows())


def fields(trajectories: pl.DataFrame) -> pl.DataFrame:
    """All that is stored of each trajectory, as numbers that two days can be compared by."""
    step = (pl.col("x_m").diff() ** 2 + pl.col("y_m").diff() ** 2).sqrt()
    ordered = trajectories.sort("trajectory", "at").with_columns(
        second=pl.col("at").dt.epoch("s").cast(pl.Float64), step=step.over("trajectory")
    )
    walking = pl.col("step").filter(pl.col("step") > 0.5)
    return ordered.group_by("trajectory", maintain_order=True).agg(
        number=pl.col("trajectory").first().cast(pl.Float64),
        begins=pl.col("second").first(),
        ends=pl.col("second").last(),
        seconds=pl.len().cast(pl.Float64),
        x_first=pl.col("x_m").first(),
        y_first=pl.col("y_m").first(),
        x_last=pl.col("x_m").last(),
        y_last=pl.col("y_m").last(),
        x_mean=pl.col("x_m").mean(),
        y_mean=pl.col("y_m").mean(),
        x_spread=pl.col("x_m").std(),
        y_spread=pl.col("y_m").std(),
        pace=walking.median(),
        pace_spread=walking.std(),
        fastest=pl.col("step").max(),
        standing=(pl.col("step") < 0.3).mean(),
    )


@dataclass(frozen=True, slots=True)
class Linked:
    """How well people of one day are found again on the other.

    Attributes:
        people: How many are on both days.
        percentile: Mean place of the right one among those of the other day, nearest first: 0 where
            it is always the nearest, 0.5 by chance.
        first: In how many cases it is the nearest of all.
        candidates: How many there are to choose from.
    """

    people: int
    percentile: float
    first: int
    candidates: int

    def at_chance(self, tries: int = 1) -> bool:
        """Whether it could well be so by chance: in 19 cases of 20 where nothing is of the person.

        Args:
            tries: How many such questions are asked, of which one may turn out so (Bonferroni).
        """
        margin = NormalDist().inv_cdf(1 - 0.025 / tries) * (12 * self.people) ** -0.5
        return abs(self.percentile - 0.5) <= margin


def linked(one: Mapping[int, Array], other: Mapping[int, Array], strangers: Array) -> Linked:
    """Look for everybody of one day among all of the other, by nearest neighbours.

    Args:
        one: By person what is known of them on one day, (fields,).
        other: The same on the other day.
        strangers: Of who else was there on the other day, (n, fields).
    """
    both = sorted(one.keys() & other.keys())
    candidates = np.vstack([*(other[who] for who in other), strangers])
    place = {who: number for number, who in enumerate(other)}
    spread = np.nanstd(np.vstack([candidates, *one.values()]), axis=0)
    spread[spread == 0] = 1
    places = []
    for who in both:
        away = np.sqrt(np.nanmean(((candidates - one[who]) / spread) ** 2, axis=1))
        away = np.where(np.isnan(away), np.inf, away)
        own = away[place[who]]
        nearer, alike = (away < own).sum(), (away == own).sum() - 1
        places.append(nearer + alike / 2)
    return Linked(
        people=len(both),
        percentile=float(np.mean((np.array(places) + 0.5) / len(candidates))),
        first=sum(one < 0.5 for one in places),
        candidates=len(candidates),
    )
