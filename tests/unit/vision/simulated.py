"""A short crowd in the example arcade, walked once for all tests of the simulator."""

import datetime as dt
from functools import lru_cache
from pathlib import Path

import numpy as np

from vision.simulate.itinerary import arrivals, crowd
from vision.simulate.plan import FloorPlan
from vision.simulate.walk import Walk, walk
from vision.site.load import load_site
from vision.site.models import SiteDay

ARCADE = Path(__file__).resolve().parents[3] / "examples" / "arcade"
DAY = dt.date(2026, 3, 14)


@lru_cache
def arcade() -> SiteDay:
    return load_site(ARCADE).on(DAY)


@lru_cache
def arcade_plan() -> FloorPlan:
    return FloorPlan.of(arcade(), "ground")


@lru_cache
def arcade_walks(seed: int = 3, people_per_minute: float = 20, seconds: int = 150) -> list[Walk]:
    rng = np.random.default_rng(seed)
    plan = arcade_plan()
    people = crowd(rng, plan, arrivals(rng, people_per_minute, seconds))
    return walk(plan, people, seconds)
