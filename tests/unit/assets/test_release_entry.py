"""What the releases of a day noted of themselves, as the privacy record has it."""

import datetime as dt
from collections.abc import Iterator

import dagster as dg
import pytest

from assets.marts.release import CHANGED, CHANGED_BY_FEW, FEW, MORE, OPEN_AFTER, OPEN_BEFORE
from assets.plan import SitePlan
from assets.privacy_record import FOUND, PASSED
from assets.release_entry import release_entry
from tests.unit import small_mall

DAY = small_mall.DAY
PLAN = SitePlan(small_mall.site())


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def note(instance: dg.DagsterInstance, mart: str = "gate_counts_15min", **other: int) -> None:
    """A release of a mart of the day, as the release step notes it."""
    usual = {FEW: 40, MORE: 7, OPEN_BEFORE: 5, OPEN_AFTER: 0, CHANGED: 0, CHANGED_BY_FEW: 0}
    metadata = usual | {
        {"open_after": OPEN_AFTER, "changed": CHANGED, "by_few": CHANGED_BY_FEW}[name]: value
        for name, value in other.items()
    }
    key = PLAN.key(f"published_{mart}")
    instance.report_runless_asset_event(
        dg.AssetMaterialization(key, partition=DAY.isoformat(), metadata=metadata)
    )


def test_a_day_of_which_nothing_was_released_has_no_entry(instance):
    assert release_entry(instance, PLAN, DAY) is None
    note(instance)
    assert release_entry(instance, PLAN, DAY + dt.timedelta(days=1)) is None


def test_a_release_of_which_nothing_can_be_worked_out_passes(instance):
    note(instance)
    told = release_entry(instance, PLAN, DAY)
    assert told["result"] == PASSED
    assert "40 figures of fewer than 10 people are blanked and 7 others with them" in told["scope"]
    assert "without these 5 could be worked out or narrowed down, as it is 0" in told["scope"]


def test_what_an_earlier_release_told_otherwise_by_few_people_fails_for_good(instance):
    note(instance, changed=3, by_few=2)
    note(instance, mart="footfall_daily", changed=1)
    note(instance)
    told = release_entry(instance, PLAN, DAY)
    assert told["result"] == FOUND
    assert "releases of the day tell 4 figures differently, 2 by fewer than 10" in told["scope"]


def test_figures_that_can_be_worked_out_fail(instance):
    note(instance, open_after=1)
    assert release_entry(instance, PLAN, DAY)["result"] == FOUND
