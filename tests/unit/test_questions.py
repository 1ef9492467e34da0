"""Each question of docs/questions.md is answered as its text says, and rightly."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assets.marts.contracts import MARTS
from assets.marts.questions import NOT_ASKED, PAGE, page, questions
from footfall_dagster.cli import main
from footfall_dagster.published import Answer, ask
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from tests.unit import small_mall
from tests.unit.published_mall import publish_tables
from tests.unit.published_rows import GAP, LAST_DAY, Rows, placed
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS

REPOSITORY = Path(__file__).parents[2]
WEEK = dt.timedelta(days=7)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a Saturday of the furnished mall, through the marts and the release step."""
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    site = small_mall.furnished(small_mall.site())
    noon = NOON + (LAST_DAY - DAY)
    begins = [noon + dt.timedelta(seconds=second) for second in range(30)]
    way = [
        *[(1.125, 3.125)] * 3,  # front
        *[(1.125, 1.125)] * 6,  # shop
        *[(6.125, 1.125)] * 6,  # kiosk
        *[(3.125, 6.125)] * 6,  # line
        *[(2.125, 6.125)] * 3,  # till
        *[(5.125, 6.125)] * 6,  # poster
    ]
    in_line = [("line", begin + dt.timedelta(seconds=15), 6) for begin in begins]
    in_shop = [("shop", begin + dt.timedelta(seconds=3), 6) for begin in begins]
    events = {
        GATE_EVENTS.name: {
            "cam_a": small_mall.crossings(*(("door", begin, "in") for begin in begins))
        },
        ZONE_VISITS.name: {"cam_a": small_mall.stays(*in_line, *in_shop)},
        ANONYMISED_TRAJECTORIES.name: {
            "cam_a": small_mall.walks(*((begin, way) for begin in begins))
        },
    }
    site_day = site.on(LAST_DAY)
    seen = small_mall.coverage(site_day, (noon, noon + dt.timedelta(hours=1)))
    tables = small_mall.relations(site_day, {"cam_a": seen}, events)
    publish_tables(settings, site, LAST_DAY, tables)
    return settings.home


@pytest.mark.parametrize("name", questions())
def test_a_released_day_answers_with_the_columns_that_the_text_says(home: Path, name: str):
    answer = ask(warehouse(Settings(home=home)).published, questions()[name].sql)
    assert answer.columns == list(questions()[name].columns)
    assert answer.rows


def test_the_page_is_the_one_that_the_files_make():
    written = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    assert written == page(), "run .venv/bin/python -m assets.marts.questions"


def test_there_are_ten_and_every_mart_is_asked_or_is_said_not_to_be():
    assert len(questions()) == 10
    asked = {mart for question in questions().values() for mart in question.marts}
    assert asked.isdisjoint(NOT_ASKED)
    assert asked | set(NOT_ASKED) == set(MARTS)


@pytest.fixture
def answered(tmp_path: Path) -> Callable[[str, Rows], Answer]:
    """The answer to a question, asked of rows that are written down."""
    return lambda name, rows: ask(
        placed(tmp_path / "published.duckdb", rows), questions()[name].sql
    )


def told(answer: Answer, *columns: str) -> list[tuple[str | None, ...]]:
    """Some columns of every row."""
    places = [answer.columns.index(column) for column in columns]
    return [tuple(row[place] for place in places) for row in answer.rows]


def days_before(days: int) -> dt.date:
    return LAST_DAY - dt.timedelta(days=days)


def test_entrances_are_compared_by_whole_saturdays_and_by_pairs_of_them(answered):
    def saturday(days_ago: int, entries: int | None, **more: object) -> dict[str, object]:
        return {"trading_day": days_before(days_ago), "gate": "door", "entries": entries} | more

    answer = answered(
        "entrances_on_saturdays",
        {
            "footfall_daily": [
                saturday(0, 120, share_of_entries=0.6),
                saturday(7, None, observed_share=0.5, entries_observed=40),  # a gap
                saturday(14, None, suppressed=True),
                saturday(21, 200, share_of_entries=0.8),
                saturday(28, 50, definition_version=2),
                saturday(1, 9000),  # a Friday
                saturday(7 * 13, 9000),  # too long ago
                saturday(364, 100),
                saturday(371, 100),  # of the Saturday with a gap
                saturday(364 + 21, None),  # a gap, so no pair
                saturday(364 + 28, 100),  # defined otherwise
            ]
        },
    )
    columns = ("saturdays", "whole_saturdays", "entries_mean", "share_of_entries", "pairs")
    assert told(answer, *columns, "change_year", "definition_version") == [
        ("4", "2", "160.0", "0.7", "1", "0.2", "1"),
        ("1", "1", "50.0", None, "0", None, "2"),
    ]


def test_the_fullest_hours_of_a_place_rest_on_quarters_with_a_figure(answered):
    def quarter(hour: int, mean: float | None, peak: int | None, **more: object):
        of = {"zone": "food", "kind": "seating", "local_start": hour}
        return of | {"occupancy_mean": mean, "occupancy_peak": peak} | more

    answer = answered(
        "busiest_hours",
        {
            "occupancy_15min": [
                quarter(12, 4, 9),
                quarter(12, None, None, trading_day=days_before(7), **GAP),
                quarter(13, 6, 8),
                quarter(13, 2, 3, trading_day=days_before(7)),
                quarter(14, None, None, suppressed=True),
                quarter(15, 1, 2),
                quarter(16, 0, 0),
                quarter(3, 90, 90, in_trading_hours=False),
            ],
            "floor_occupancy_15min": [{"occupancy_mean": 7.5, "occupancy_peak": 12.0}],
            "data_quality_daily": [{"state": "observed", "quarters_unobserved": 0}],
        },
    )
    columns = ("kind", "place", "weekday", "local_hour", "people_mean", "people_most")
    assert told(answer, *columns, "quarters", "quarters_with_figure") == [
        ("floor", "ground", "Sat", "12", "7.5", "12.0", "1", "1"),
        ("seating", "food", "Sat", "12", "4.0", "9.0", "2", "1"),
        ("seating", "food", "Sat", "13", "4.0", "8.0", "2", "2"),
        ("seating", "food", "Sat", "15", "1.0", "2.0", "1", "1"),
    ]


def test_capture_counts_the_hours_in_which_both_figures_are_published(answered):
    def hour(at: int, passers_by: int | None, entries: int | None, **more: object):
        of = {"zone": "front", "shop": "shop", "local_start": at}
        return of | {"passers_by": passers_by, "entries": entries} | more

    answer = answered(
        "capture_by_weekday",
        {
            "shopfront_capture_hourly": [
                hour(11, 60, 20),
                hour(12, 90, 30),
                hour(13, 500, None, suppressed=True),
                hour(14, None, None, **GAP),
                hour(12, 10, 0, trading_day=days_before(2)),
                hour(20, 10, 10, in_trading_hours=False),
            ]
        },
    )
    columns = ("weekday", "passers_by", "entries", "capture_rate", "hours", "hours_counted")
    assert told(answer, *columns, "hours_blanked") == [
        ("Thu", "10", "0", "0.0", "1", "1", "0"),
        ("Sat", "150", "50", "0.25", "4", "2", "1"),
    ]


def test_people_give_up_by_the_length_of_the_queue(answered):
    def quarter(hour: int, length: float | None, *waits: float | None, **more: object):
        names = ("waits", "wait_median_s", "served", "abandoned")
        of = {"zone": "line", "local_start": hour, "length_mean": length}
        return of | dict(zip(names, waits, strict=False)) | more

    answer = answered(
        "queues_and_giving_up",
        {
            "queue_15min": [
                quarter(10, 1.9, 10, 30.0, 20, 0),
                quarter(11, 0.0, 0, None, 0, 0),
                quarter(12, 5.0, 10, 60.0, 10, None, suppressed=True),
                quarter(13, 4.0, 30, 100.0, 15, 5),
                quarter(14, 40.0, 20, 300.0, 10, 30),
                quarter(15, None, **GAP),
            ]
        },
    )
    columns = ("people_from", "quarters", "share_of_quarters", "wait_median_s", "served")
    assert told(answer, *columns, "abandoned", "abandonment_rate") == [
        ("0", "2", "0.4", "30.0", "20", "0", "0.0"),
        ("4", "2", "0.4", "90.0", "15", "5", "0.25"),
        ("10", "1", "0.2", "300.0", "10", "30", "0.75"),
    ]


def test_attention_is_by_the_metre_and_by_the_hour_that_was_observed(answered):
    def hour(at: int, *figures: int | None, **more: object):
        names = ("exposed", "engaged", "attention_seconds")
        of = {"zone": "poster", "local_start": at, "observed_minutes": 60.0}
        return of | dict(zip(names, figures, strict=False)) | more

    redrawn = days_before(1)
    answer = answered(
        "displays_by_attention",
        {
            "display_engagement_hourly": [
                hour(10, 100, 20, 600),
                hour(11, 50, 10, 300, observed_minutes=30.0),
                hour(12, 40, None, None, suppressed=True),
                hour(13, **GAP),
                hour(10, 10, 10, 400, trading_day=redrawn),
            ],
            "space_value_daily": [
                {"zone": "poster", "kind": "display", "area_m2": 2.0},
                {"zone": "poster", "kind": "display", "area_m2": 8.0, "trading_day": redrawn},
            ],
        },
    )
    columns = ("area_m2", "exposed", "engaged", "engagement_rate", "attention_s_per_m2_hour")
    assert told(answer, *columns, "hours", "hours_counted") == [
        ("2.0", "150", "30", "0.2", "300.0", "4", "2"),
        ("8.0", "10", "10", "1.0", "50.0", "1", "1"),
    ]


def test_flows_to_a_zone_are_shared_out_among_where_people_came_from(answered):
    def flow(from_zone: str, to_zone: str, count: int, travel: float, hour: int = 12, **more):
        of = {"from_zone": from_zone, "to_zone": to_zone, "local_start": hour}
        return of | {"trajectories": count, "travel_median_s": travel} | more

    answer = answered(
        "flows_on_saturdays",
        {
            "zone_flow_hourly": [
                flow("north", "escalator", 40, 10.0),
                flow("north", "escalator", 20, 40.0, 13),
                flow("south", "escalator", 20, 5.0),
                flow("north", "cafe", 20, 5.0),
                flow("south", "escalator", 99, 5.0, trading_day=days_before(1)),
                flow("south", "escalator", 30, 5.0, 14, definition_version=2),
            ],
            "zone_visits_hourly": [
                *({"zone": "north", "local_start": hour} for hour in (12, 13, 14)),
                {"zone": "north", "local_start": 15, **GAP},
                {"zone": "south", "visits": None, "suppressed": True},
            ],
        },
    )
    columns = ("from_zone", "to_zone", "visitors", "share_of_arrivals", "share_of_departures")
    more = ("travel_median_s", "hours", "hours_observed", "definition_version")
    assert told(answer, *columns, *more) == [
        ("north", "cafe", "20", "1.0", "0.25", "5.0", "1", "3", "1"),
        ("north", "escalator", "60", "0.75", "0.75", "20.0", "2", "3", "1"),
        ("south", "escalator", "20", "0.25", "1.0", "5.0", "1", "1", "1"),
        ("south", "escalator", "30", "1.0", "1.0", "5.0", "1", "1", "2"),
    ]


def test_pairs_of_shops_count_each_week_once_and_only_with_all_figures(answered):
    def week(days_ago: int, *figures: int | None, days: int = 7, **more: object):
        names = ("visitors_of_both", "visitors_of_shop", "visitors_of_other", "shoppers")
        of = {"shop": "a", "other_shop": "b", "trading_day": days_before(days_ago)}
        return of | {"observed_days": days} | dict(zip(names, figures, strict=False)) | more

    answer = answered(
        "shops_visited_together",
        {
            "shop_affinity_weekly": [
                week(0, 20, 50, 60, 150),
                week(1, 900, 900, 900, 900),  # six of its days are in the week above
                week(7, None, 70, 80, 200, suppressed=True),
                week(14, days=0),  # a gap
                week(21, 10, 50, 40, 50, days=3),
            ]
        },
    )
    # 30 x 200 / (100 x 100)
    columns = ("visitors_of_both", "support", "lift", "weeks", "weeks_counted", "observed_days")
    assert told(answer, *columns) == [("30", "0.15", "0.6", "4", "2", "10")]


def test_a_square_metre_is_worth_what_whole_days_say(answered):
    def day(zone: str, days_ago: int, visits: int | None, area: float = 10.0, **more: object):
        of = {"zone": zone, "trading_day": days_before(days_ago), "area_m2": area}
        return of | {"visits": visits} | more

    answer = answered(
        "worth_of_a_square_metre",
        {
            "space_value_daily": [
                day("a", 0, 100, person_seconds_per_m2=600.0, change_year=0.25),
                day("a", 1, 140, person_seconds_per_m2=1200.0, change_year=-0.05),
                day("a", 2, None, person_seconds_per_m2=60.0, visits_observed=20),  # a gap
                day("a", 91, 50),
                day("b", 0, 90, 5.0),
                day("b", 1, None, 5.0, suppressed=True),
                day("b", 91, 20, 5.0),
                day("b", 92, None, 5.0, suppressed=True),
                day("c", 0, None, **GAP),
                day("a", 182, 9000),  # too long ago
            ]
        },
    )
    columns = ("zone", "visits_per_m2", "person_minutes_per_m2", "rank", "rank_before")
    assert told(answer, *columns, "places_gained", "change_year", "days", "whole_days") == [
        ("b", "18.0", None, "1", "2", "1", None, "2", "1"),
        ("a", "12.0", "15.0", "2", "1", "-1", "0.1", "3", "2"),
        ("c", None, None, None, None, None, None, "1", "0"),
    ]


def test_groups_are_shared_out_at_weekends_and_on_other_days(answered):
    def size(count: int, groups: int | None, people: int | None, hour: int = 12, **more: object):
        of = {"size": count, "local_start": hour}
        return of | {"groups": groups, "people": people} | more

    answer = answered(
        "groups_at_weekends",
        {
            "groups_hourly": [
                size(1, 30, 30),
                size(1, 30, 30, 13),
                size(1, None, None, 14, **GAP),
                size(2, 20, 40),
                size(2, None, None, 13, suppressed=True),
                size(3, 0, 0),
                size(1, 50, 50, trading_day=days_before(1)),
            ]
        },
    )
    columns = ("days", "size", "groups", "people", "share_of_people", "hours", "hours_counted")
    assert told(answer, *columns, "hours_blanked") == [
        ("weekday", "1", "50", "50", "1.0", "1", "1", "0"),
        ("weekend", "1", "60", "60", "0.6", "3", "2", "0"),
        ("weekend", "2", "20", "40", "0.4", "2", "1", "1"),
        ("weekend", "3", "0", "0", "0.0", "1", "1", "0"),
    ]


def test_trust_tells_days_that_are_missing_from_days_that_were_dark(answered):
    def day(days_ago: int, state: str = "observed", **more: object) -> dict[str, object]:
        return {
            "trading_day": days_before(days_ago),
            "state": state,
            "quarters_unobserved": 0,
        } | more

    answer = answered(
        "trust_in_last_month",
        {
            "data_quality_daily": [
                day(0, cut_share=0.2, short_share=0.1),
                day(1, cut_share=0.4, observed_share=0.5),
                day(2, "missing", **GAP),
                day(27, "no_exports", **GAP),
                day(28, "privacy_failed", **GAP),  # too long ago
                day(0, camera="cam_b", definition_version=2),
                day(1, camera="cam_b"),
            ],
            "staff_excluded_daily": [
                {"trajectories": 100, "visitors": 90},
                {"trajectories": 50, "visitors": None, "trading_day": days_before(1)},
            ],
            "gate_counts_15min": [
                {"gate": "door", "local_start": hour, "suppressed": hour == 10}
                for hour in (10, 11, 12)
            ],
            "zone_visits_hourly": [{"zone": "shop"}, {"zone": "shop", "local_start": 13, **GAP}],
        },
    )
    columns = ("camera", "days", "days_missing", "days_observed", "states", "observed_share")
    more = ("cut_share", "short_share", "staff_share", "blanked_share", "definition_version")
    assert told(answer, *columns, *more) == [
        ("cam_a", "4", "24", "2", "missing, no_exports", "0.375", "0.3", "0.1", "0.1", "0.25", "1"),
        ("cam_b", "1", "26", "1", None, "1.0", None, None, None, None, "1"),
        ("cam_b", "1", "26", "1", None, "1.0", None, None, None, None, "2"),
    ]


def test_a_definition_that_changed_in_mid_week_gives_an_answer_for_each(answered):
    hours = [
        {
            "trading_day": days_before(7 * weeks),
            "zone": "front",
            "shop": "shop",
            "passers_by": passers_by,
            "entries": 50,
            "definition_version": version,
        }
        for weeks, passers_by, version in ((0, 50, 2), (1, 150, 1), (2, 150, 1))
    ]
    answer = answered("capture_by_weekday", {"shopfront_capture_hourly": hours})
    assert told(answer, "entries", "capture_rate", "definition_version") == [
        ("100", "0.25", "1"),
        ("50", "0.5", "2"),
    ]


def test_several_sites_of_a_file_are_told_apart_each_to_its_own_last_day(answered):
    days = [
        {"gate": "door", "entries": entries, "site": site, "trading_day": days_before(days_ago)}
        for site, days_ago, entries in (("mall", 0, 10), ("old", 700, 30), ("old", 707, 50))
    ]
    answer = answered("entrances_on_saturdays", {"footfall_daily": days})
    assert told(answer, "site", "saturdays", "entries_mean") == [
        ("mall", "1", "10.0"),
        ("old", "2", "40.0"),
    ]


@pytest.fixture
def asked(home: Path) -> Callable[..., Result]:
    runner = CliRunner(env={"FOOTFALL_HOME": str(home), "COLUMNS": "200"})
    return lambda *arguments: runner.invoke(main, ["query", *arguments])


def test_a_question_is_asked_by_its_name(asked):
    table = asked("--question", "entrances_on_saturdays").output
    assert "Which entrance brings most people on Saturdays" in table
    assert "Beware: " in table
    rows = asked("--question", "entrances_on_saturdays", "--format", "csv").output.splitlines()
    assert rows[0].startswith("site,gate,saturdays")
    assert all(row.startswith("mall,") for row in rows[1:])


def test_questions_are_listed_where_nothing_was_published_yet(tmp_path: Path):
    listed = CliRunner().invoke(
        main, ["query", "--list"], env={"FOOTFALL_HOME": str(tmp_path), "COLUMNS": "200"}
    )
    for question in questions().values():
        assert question.name in listed.output
        assert question.asked in listed.output


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        pytest.param(["--question", "entrance_on_saturday"], "did you mean", id="a near miss"),
        pytest.param(["--question", "weather"], "--list has all", id="no such question"),
        pytest.param([], "give either SQL", id="nothing"),
        pytest.param(["SELECT 1", "--list"], "give either SQL", id="two things"),
    ],
)
def test_what_cannot_be_asked_is_said(asked, arguments: Sequence[str], why: str):
    result = asked(*arguments)
    assert result.exit_code == 2
    assert why in result.output
