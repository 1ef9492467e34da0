"""What two releases of one day tell together that neither tells alone.

Belongs here: holding a release against the one before it. Does not belong here: what a release
tells (`assets.release.day`), keeping releases from differing (`footfall_dagster.noise_ledger`).
"""

from dataclasses import dataclass

import polars as pl

from assets.marts.schema import MartContract


@dataclass(frozen=True, slots=True)
class Difference:
    """How two releases of a mart's day differ.

    Attributes:
        figures: Counts of people that both tell, and differently.
        of_few: Of these, those that differ by fewer than k people.
    """

    figures: int
    of_few: int


def difference(mart: MartContract, before: pl.DataFrame, now: pl.DataFrame, k: int) -> Difference:
    """Compare what is published of a mart's day with what is to be published.

    Args:
        mart: The mart.
        before: Rows that are published; empty where none are.
        now: Rows of the release.
        k: Fewest people that a released figure may stand for; 0 where figures differ by chance.
    """
    counts = [one.name for one in mart.columns if one.counted_by and one.dtype == pl.Int32()]
    both = now.join(before, on=list(mart.key), suffix="_before", nulls_equal=True)
    apart = [(both[name] - both[f"{name}_before"]).abs() for name in counts]
    return Difference(
        figures=sum(int((one > 0).sum()) for one in apart),
        of_few=sum(int(one.is_between(1, k - 1).sum()) for one in apart),
    )
