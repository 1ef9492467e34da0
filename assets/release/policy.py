"""The policy: how each mart is released, and what is never told of it.

Belongs here: defaults and their reasons. Does not belong here: what a site may set
(`vision.site.release`), or doing it (`assets.release.day`).
"""

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

from assets.marts.contracts import MARTS
from vision.site.models import SiteDay
from vision.site.release import Way

VERSION = "2"
NOTE = (
    "figures of fewer than the site's k people (10 by default) are blanked, and as many more as it "
    "takes that none of these can be worked out from what is published of the day"
)

DEFAULTS: Mapping[str, Way] = MappingProxyType(
    {
        # Counts of some minutes, within quarters that are published: the difference is of others.
        "gate_audits": "withheld",
        # Days of a week that is published as a whole.
        "shop_pairs_daily": "withheld",
        # Of rows that nobody may see who reads what is published.
        "unicity_daily": "withheld",
    }
)
"""Marts that are not released as `suppressed` unless the site says so, and why."""

NEVER_TOLD: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # A sum of the whole day in the row of each quarter, also of those that are blanked.
        "floor_occupancy_15min": frozenset({"drift"}),
        # Sums over the last four weeks: two days' sums differ by the counts of one.
        "gate_accuracy_daily": frozenset(
            {"audited_entries", "audited_exits", "gate_entries", "gate_exits"}
        ),
        "data_quality_daily": frozenset(
            {"audited_entries", "audited_exits", "gate_entries", "gate_exits"}
        ),
    }
)
"""Columns that are blanked in every row."""

COARSE: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        # A level: two of them tell who came in between.
        "floor_occupancy_15min": frozenset({"occupancy_mean", "occupancy_peak"}),
        # An estimate tells how many came outside trading hours.
        "footfall_daily": frozenset({"entries_estimate", "entries_low", "entries_high"}),
    }
)
"""Columns that are rounded to k, because they are made of figures that may be blanked."""

OF_ALL_ROWS: Mapping[str, tuple[tuple[str, tuple[str, ...], frozenset[str]], ...]] = (
    MappingProxyType(
        {
            "footfall_daily": (("entries_observed", (), frozenset({"share_of_entries"})),),
            "space_value_daily": (("visits", ("kind",), frozenset({"share", "rank"})),),
        }
    )
)
"""Columns that are parts of a sum over rows: by what is counted, rows of which group. One blanked
count in the group could be worked out from the parts of the others."""

PARTS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {"data_quality_daily": (("cut_share", "stays"), ("short_share", "trajectories"))}
)
"""Shares whose numerator stands in no column, and what they are a share of."""

CHANGES: Mapping[str, tuple[tuple[int, str, frozenset[str]], ...]] = MappingProxyType(
    {
        "space_value_daily": (
            (7, "visits", frozenset({"change_week"})),
            (364, "visits", frozenset({"change_year"})),
        )
    }
)
"""Columns that tell a figure of so many days before, which they may where that was published."""

LAST_DAY_OF_WEEK = 6
"""Sunday. Weeks that overlap tell of the days by which they differ."""
WEEKLY = frozenset({"shop_affinity_weekly"})
"""Marts of seven days, of which only whole weeks from Monday on are released."""


class PolicyError(ValueError):
    """A site asks for a release that there is not; says which and what there is."""


def chosen(asked: Mapping[str, Way], mart: str) -> Way:
    """How a site that asks for these ways releases `mart` on a day on which it does."""
    return asked.get(mart) or DEFAULTS.get(mart, "suppressed")


def way(site_day: SiteDay, mart: str) -> Way:
    """How `mart` of a day is released."""
    if mart in WEEKLY and site_day.day.weekday() != LAST_DAY_OF_WEEK:
        return "withheld"
    return chosen(site_day.site.file.privacy.release.marts, mart)


def refuse_unknown(asked_for: Mapping[str, Way], noisy: frozenset[str]) -> None:
    """Hold what a site chooses against what there is.

    Args:
        asked_for: `privacy.release.marts` of the site file.
        noisy: Marts that can be released with noise.

    Raises:
        PolicyError: It names no mart, or asks for noise where there is none, or weakens a default.
    """
    for mart, asked in asked_for.items():
        if mart not in MARTS:
            raise PolicyError(
                f"privacy.release.marts names {mart}, which is no mart; the marts are "
                f"{', '.join(sorted(MARTS))}"
            )
        if asked == "noisy" and mart not in noisy:
            raise PolicyError(
                f"privacy.release.marts asks for noise on {mart}, which has none; write "
                "suppressed, rounded or withheld; noise there is for "
                f"{', '.join(sorted(noisy)) or 'none'}"
            )
        if DEFAULTS.get(mart) == "withheld" and asked != "withheld":
            raise PolicyError(
                f"privacy.release.marts asks that {mart} be {asked}; it is withheld, because its "
                "figures and those of other published marts together tell of few people"
            )


def days_before(day: dt.date) -> list[dt.date]:
    """The earlier days whose published figures a release of `day` tells again."""
    spans = {span for told in CHANGES.values() for span, _, _ in told}
    return [day - dt.timedelta(days=span) for span in sorted(spans)]
