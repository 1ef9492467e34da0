"""What could be worked out of a day is blanked, and only then is the day released."""

import datetime as dt
from itertools import product

import dagster as dg
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from assets.marts import release as release_step
from assets.marts.contracts import MARTS
from assets.marts.inputs import gates
from assets.plan import SitePlan
from assets.release import policy
from assets.release.cells import Cells
from assets.release.complement import blanked, judged
from assets.release.day import decide, never_told
from assets.release.linked import linked
from assets.release.recovery import Part, worked_out
from footfall_dagster.privacy.closed_list_rows import mart_violations
from tests.oracle.invented import SUNDAY, WEDNESDAY, days, mall
from tests.unit import small_mall
from tests.unit.assets.test_oracle import examples, made
from tests.unit.assets.test_release import row
from vision.site.models import Site, SiteDay
from vision.site.privacy import Privacy
from vision.site.release import Release

K = 10
NOON = dt.datetime(2026, 3, 11, 12, tzinfo=dt.UTC)
QUARTER = dt.timedelta(minutes=15)
NOTHING_BEFORE = {name: release_step.published(MARTS[name]).empty() for name in policy.CHANGES}


def with_release(site: Site, **changes: object) -> Site:
    file = site.file
    privacy = Privacy(k=K, release=Release.model_validate(changes))
    return site.model_copy(update={"file": file.model_copy(update={"privacy": privacy})})


def site_day(day: dt.date = small_mall.DAY, **changes: object) -> SiteDay:
    return with_release(small_mall.site(), **changes).on(day)


def gate_day(*entries: int) -> dict[str, pl.DataFrame]:
    """A day of one gate: people in, by quarters of an hour, and the sum of the day."""
    quarters = [
        row(
            MARTS["gate_counts_15min"],
            gate="door",
            entries=count,
            interval_start=NOON + number * QUARTER,
        )
        for number, count in enumerate(entries)
    ]
    total = sum(entries)
    of_day = row(MARTS["footfall_daily"], gate="door", entries=total, entries_observed=total)
    made = {name: mart.empty() for name, mart in MARTS.items()}
    told = pl.concat(quarters).cast(dict(MARTS["gate_counts_15min"].schema))
    return made | {"gate_counts_15min": told, "footfall_daily": of_day.with_columns(net=total)}


def told(rows: dict[str, pl.DataFrame], day: SiteDay | None = None) -> dict[str, pl.DataFrame]:
    day = day or site_day()
    return release_step.release_day(day, rows, decide(day, rows, NOTHING_BEFORE))


def entries(released: dict[str, pl.DataFrame]) -> tuple[list, list]:
    return (
        released["gate_counts_15min"]["entries"].to_list(),
        released["footfall_daily"]["entries_observed"].to_list(),
    )


def test_one_small_quarter_takes_the_smallest_other_with_it():
    assert entries(told(gate_day(3, 40, 20, 0))) == ([None, 40, None, 0], [63])


def test_small_quarters_that_hide_each_other_take_nothing_with_them():
    assert entries(told(gate_day(9, 9, 40, 0))) == ([None, None, 40, 0], [58])


def test_small_quarters_of_too_few_together_are_not_enough():
    """Two of whom there are three together are one and two."""
    assert entries(told(gate_day(1, 2, 40, 20))) == ([None, None, 40, None], [63])


def test_where_no_quarter_is_left_the_day_is_blanked():
    assert entries(told(gate_day(13, 4))) == ([None, None], [17])
    assert entries(told(gate_day(0, 14, 0))) == ([0, 14, 0], [14])


def test_a_day_with_one_visitor_tells_nothing_of_them():
    assert entries(told(gate_day(0, 1, 0))) == ([0, None, 0], [None])


def test_without_the_audit_the_quarter_could_be_worked_out():
    cells = Cells.of(gate_day(3, 40, 20, 0))
    links = linked(cells, gates(site_day()))
    small = cells.blanked_with(cells.small(K))
    found = worked_out(cells, links, small, judged(cells, links, K), K)
    assert cells.at("gate_counts_15min", "entries")[0] in found


def test_who_is_left_over_counts_as_well():
    """Of 30 who came 28 slowed down: that two did not is told by both together."""
    rows = {name: mart.empty() for name, mart in MARTS.items()}
    engagement = MARTS["display_engagement_hourly"]
    rows[engagement.name] = row(
        engagement,
        hour_start=NOON,
        exposed=30,
        engaged=28,
        engagement_rate=28 / 30,
        attention_seconds=300,
    ).cast(dict(engagement.schema))
    released = told(rows)[engagement.name]
    figures = ("exposed", "engaged", "engagement_rate", "attention_seconds")
    assert released.select(figures).rows() == [(30, None, None, None)]


def test_how_exact_a_gate_is_stays_told_where_other_figures_are_blanked():
    """The counts by eye that it rests on are never told, and that is no reason to blank it."""
    rows = gate_day(3, 40, 20, 0)
    mart = MARTS["gate_accuracy_daily"]
    counts = dict.fromkeys(policy.NEVER_TOLD[mart.name], 50)
    rows[mart.name] = row(mart, gate="door", audit_accuracy=0.96, **counts)
    released = told(rows)
    assert entries(released) == ([None, 40, None, 0], [63])
    assert released[mart.name]["audit_accuracy"].to_list() == [0.96]
    assert released[mart.name].select(sorted(counts)).rows() == [(None,) * 4]


def test_what_follows_from_a_blanked_figure_is_blanked_with_it():
    """Nobody was counted in the zone, and somebody's attention was: of other rows of the lake."""
    rows = {name: mart.empty() for name, mart in MARTS.items()}
    value, engagement = MARTS["space_value_daily"], MARTS["display_engagement_hourly"]
    rows[value.name] = row(
        value, zone="shop", area_m2=4.0, attention_seconds=11, attention_seconds_per_m2=2.75
    )
    rows[engagement.name] = row(
        engagement, zone="shop", hour_start=NOON, exposed=12, engaged=1, attention_seconds=11
    ).cast(dict(engagement.schema))
    released = told(rows)[value.name]
    figures = ("attention_seconds", "attention_seconds_per_m2")
    assert released.select(figures).rows() == [(None, None)]


def test_a_share_of_all_entrances_is_not_told_where_one_is_blanked():
    rows = gate_day(3, 9, 40, 20)
    mart = MARTS["footfall_daily"]
    other = row(mart, gate="side", entries_observed=4, entries=4)
    rows[mart.name] = pl.concat([rows[mart.name], other]).with_columns(share_of_entries=0.5)
    released = told(rows)[mart.name]
    assert released["entries_observed"].to_list() == [72, None]
    assert released["share_of_entries"].to_list() == [None, None]


@pytest.mark.parametrize(("before", "expected"), [(40, 0.5), (None, None)])
def test_a_change_is_told_only_where_the_figure_before_was(before, expected):
    mart = MARTS["space_value_daily"]
    filler = {"zone": "shop", "visits": 60, "visits_observed": 60, "change_week": 0.5}
    rows = {name: mart.empty() for name, mart in MARTS.items()}
    rows[mart.name] = row(mart, trading_day=small_mall.DAY, **filler)
    week_ago = small_mall.DAY - dt.timedelta(days=7)
    earlier = row(mart, trading_day=week_ago, zone="shop", site="x").with_columns(
        visits=pl.lit(before, pl.Int32), suppressed=pl.lit(False)
    )
    day = site_day()
    decision = decide(day, rows, {mart.name: earlier})
    released = release_step.release_day(day, rows, decision)[mart.name]
    assert released["visits"].to_list() == [60]
    assert released["change_week"].to_list() == [expected]


def test_whole_weeks_are_released_and_no_others():
    mart = "shop_affinity_weekly"
    ways = {policy.way(site_day(SUNDAY + dt.timedelta(days=n)), mart) for n in range(1, 7)}
    assert ways == {"withheld"}
    assert policy.way(site_day(SUNDAY), mart) == "suppressed"


def test_withheld_marts_have_no_rows_and_rounded_ones_no_exact_figures():
    rows = gate_day(33, 47, 25, 0)
    day = site_day(marts={"footfall_daily": "withheld", "gate_counts_15min": "rounded"}, step=20)
    assert entries(told(rows, day)) == ([40, 40, 20, 0], [])


def test_a_level_slightly_under_none_is_released_as_none():
    """To the last bit: a negative zero is none as well, and yet says that it was another."""
    rows = {name: mart.empty() for name, mart in MARTS.items()}
    mart = MARTS["floor_occupancy_15min"]
    levels = {"occupancy_mean": -0.2, "occupancy_peak": -0.25, "crossings": 60}
    quarters = [row(mart, interval_start=NOON + n * QUARTER, **levels) for n in range(2)]
    rows[mart.name] = pl.concat(quarters).cast(dict(mart.schema))
    released = told(rows)[mart.name]
    assert released["occupancy_peak"].to_list() == [0.0, 0.0]
    assert not np.signbit(released.select("occupancy_mean", "occupancy_peak").to_numpy()).any()


@pytest.mark.parametrize(
    ("marts", "message"),
    [
        ({"gate_count": "rounded"}, "names gate_count, which is no mart; the marts are data_"),
        ({"paths_daily": "noisy"}, "asks for noise on paths_daily, which has none"),
        ({"gate_audits": "suppressed"}, "asks that gate_audits be suppressed; it is withheld"),
    ],
)
def test_a_release_that_there_is_not_is_refused_with_a_remedy(marts, message: str):
    plan = SitePlan(with_release(small_mall.site(), marts=marts))
    with pytest.raises(policy.PolicyError, match=message):
        release_step.build(plan)


def test_k_below_the_policys_floor_is_refused():
    with pytest.raises(ValueError, match="greater than or equal to 3"):
        Privacy(k=2)


def test_marts_that_are_published_otherwise_stop_the_release():
    day = small_mall.DAY
    rows = told(gate_day(13, 40))
    other = told(gate_day(14, 40))
    release_step._refuse_other_release(day, rows, rows)
    with pytest.raises(dg.Failure, match="materialise all published marts of the day together"):
        release_step._refuse_other_release(day, rows, other)


@pytest.mark.parametrize("date", [WEDNESDAY, SUNDAY], ids=str)
def test_a_release_of_days_that_nobody_would_think_of_is_as_its_contracts_say(date: dt.date):
    @given(days(st.just(mall().on(date))))
    @examples(6)
    def released(day):
        for name, rows in told(made(day), day.site_day).items():
            of_days = release_step.published(MARTS[name])
            assert list(mart_violations(rows, of_days, day.site_day)) == []

    released()


@pytest.mark.parametrize("date", [WEDNESDAY, SUNDAY], ids=str)
def test_of_days_that_nobody_would_think_of_nothing_small_can_be_worked_out(date: dt.date):
    """Rows of moments that no camera observed do not add up, and are kept all the same."""

    @given(days(st.just(mall().on(date))))
    @examples(6)
    def released(day):
        rows = made(day)
        cells = Cells.of(rows)
        links = linked(cells, gates(day.site_day))
        for k in (3, 10):
            sensitive = judged(cells, links, k)
            primary = cells.blanked_with(cells.small(k)) | never_told(day.site_day, cells)
            before = worked_out(cells, links, primary, sensitive, k)
            found = blanked(cells, links, k, primary, before)
            assert not worked_out(cells, links, found, sensitive, k).size

    released()


def ranges(matrix: np.ndarray, value: np.ndarray, low: np.ndarray, most: int) -> np.ndarray:
    """By trying: how far apart the whole numbers are that each unknown may be, up to `most`."""
    wanted = matrix @ value
    solutions = np.array(
        [
            one
            for one in product(*(range(int(least), most + 1) for least in low))
            if np.array_equal(matrix @ np.array(one), wanted)
        ]
    )
    return solutions.max(axis=0) - solutions.min(axis=0)


@given(
    st.lists(
        st.lists(st.sampled_from([0, 1, 1, -1]), min_size=4, max_size=4), min_size=1, max_size=3
    ),
    st.lists(st.integers(1, 5), min_size=4, max_size=4),
    st.integers(1, 4),
)
@settings(deadline=None, max_examples=60)
def test_whatever_is_called_narrow_is_narrow_and_nothing_else(matrix, value, width: int):
    """Trying finds no wider range for what is called narrow.

    The other way round only where there is one equation with factors of 1, since numbers between
    whole ones are no counts.
    """
    factors, truth, low = np.array(matrix, float), np.array(value, float), np.ones(4)
    part = Part(np.arange(4), csr_array(factors), truth, low, np.ones(4, bool))
    narrow = part.narrow(np.full(4, float(width)))
    tried = ranges(factors, truth, low, 10)
    assert (tried[narrow] < width).all()
    if len(matrix) == 1:
        # Up to `most` it is seen to be wide; what is wide only beyond it is left aside.
        assert (~narrow[tried >= width]).all()
        bounded = (factors[0] >= 0).all() and factors[0].any()
        used = factors[0] != 0
        if bounded and truth[used].sum() <= 10:
            assert (narrow[used] == (tried[used] < width)).all()
