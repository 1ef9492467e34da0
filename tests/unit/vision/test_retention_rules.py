"""The retention of a site file: what is refused, and what a rule means in time."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vision.site_directory import FILES, line_of, problems_in, write
from vision.contracts import LAKE, ZONE_DEMOGRAPHICS_DAILY
from vision.site.load import load_site
from vision.site.retention import Retention, Rule

RULES = [name for name in Retention.model_fields if name != "recordings"]
NOW = dt.datetime(2026, 3, 31, 4, tzinfo=dt.UTC)


def site_with(tmp_path: Path, retention: str) -> str:
    text = FILES["site.yaml"] + f"privacy:\n  retention:\n{retention}"
    write(tmp_path, site=text)
    return text


@pytest.mark.parametrize(
    ("lines", "field", "remedy"),
    [
        pytest.param("detections_hours: 0", "detections_hours", "1", id="no hour at all"),
        pytest.param("tracks_hours: 1000", "tracks_hours", "168", id="boxes for weeks"),
        pytest.param("trajectories_days: 365", "trajectories_days", "31", id="paths for a year"),
        pytest.param("trajectories_days: -1", "trajectories_days", "1", id="a negative age"),
        pytest.param("trajectories_days: 7.5", "trajectories_days", "", id="half a day"),
        pytest.param("gate_events_months: 0", "gate_events_months", "1", id="no month"),
        pytest.param(
            "recordings: {delete_after_hours: 0}", "recordings.delete_after_hours", "1",
            id="recordings that go at once",
        ),
        pytest.param("recordings: yes", "recordings", "", id="recordings without a number"),
        pytest.param("detection_hours: 5", "detection_hours", "detections_hours", id="a slip"),
        pytest.param(
            "gate_events_months: 24\n    marts_years: 1", "gate_events_months",
            "set it to 12 or less, or raise marts_years", id="events that outlive their marts",
        ),
        pytest.param(
            "zone_visits_months: 24\n    ingest_years: 1", "zone_visits_months",
            "set it to 12 or less, or raise ingest_years", id="events that outlive their coverage",
        ),
        pytest.param(
            "run_output_days: 91", "run_output_days", "raise failed_runs_days",
            id="output that outlives its run",
        ),
    ],
)  # fmt: skip
def test_nonsense_is_refused_where_it_stands(tmp_path, lines, field, remedy) -> None:
    text = site_with(tmp_path, f"    {lines}\n")
    found = problems_in(tmp_path)
    assert [problem.field for problem in found] == [f"privacy.retention.{field}"]
    assert found[0].line == line_of(text, f"    {lines.partition(':')[0]}:")
    assert found[0].file == "site.yaml"
    assert remedy in found[0].remedy


def test_recordings_are_ours_to_delete_only_where_the_site_says_so(tmp_path: Path) -> None:
    site_with(tmp_path, "    tracks_hours: 2\n")
    assert load_site(tmp_path).file.privacy.retention.recordings_rule is None
    site_with(tmp_path, "    recordings: {}\n")
    rule = load_site(tmp_path).file.privacy.retention.recordings_rule
    assert str(rule) == "72 hours"
    site_with(tmp_path, "    recordings: {delete_after_hours: 24}\nlate_hours: 23\n")
    rule = load_site(tmp_path).file.privacy.retention.recordings_rule
    assert str(rule) == "24 hours"


def test_a_late_file_must_find_the_others_of_its_day_still_there(tmp_path: Path) -> None:
    text = site_with(tmp_path, "    recordings: {delete_after_hours: 24}\n")
    (problem,) = problems_in(tmp_path)
    assert problem.field == "privacy.retention.recordings.delete_after_hours"
    assert (problem.file, problem.line) == ("site.yaml", line_of(text, "    recordings:"))
    assert problem.remedy == "set it to 49 or more, or late_hours to 23"
    text = site_with(tmp_path, "    recordings: {}\nlate_hours: 72\n")
    (problem,) = problems_in(tmp_path)
    assert (problem.field, problem.line) == ("late_hours", line_of(text, "late_hours:"))
    assert problem.remedy == "set it to 71 or less, or raise delete_after_hours"
    site_with(tmp_path, "    recordings: {}\nlate_hours: 71\n")
    assert not problems_in(tmp_path)


def test_every_dataset_follows_a_field_of_the_retention() -> None:
    retention = Retention()
    for contract in (*LAKE.values(), ZONE_DEMOGRAPHICS_DAILY):
        assert retention.rule(contract.kept).number >= 1
    personal = {c.kept for c in LAKE.values() if c.personal}
    assert {retention.rule(field).unit for field in personal} == {"hours"}


@pytest.mark.parametrize("field", RULES)
@given(moment=st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2060, 1, 1)))
def test_what_is_past_its_age_is_what_began_before(field: str, moment: dt.datetime) -> None:
    rule = Retention().rule(field)
    began = moment.replace(tzinfo=dt.UTC)
    ends = rule.after(began)
    assert ends > began
    # Months have no length of their own; at their ends days fall together.
    assert abs(rule.before(ends) - began) < dt.timedelta(days=4)
    assert rule.before(ends) <= began


@given(
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2060, 1, 1)),
    st.timedeltas(dt.timedelta(0), dt.timedelta(days=400)),
    st.sampled_from(RULES),
)
def test_what_began_later_does_not_go_sooner(
    moment: dt.datetime, later: dt.timedelta, field: str
) -> None:
    rule = Retention().rule(field)
    assert rule.after(moment) <= rule.after(moment + later)


@pytest.mark.parametrize(
    ("rule", "ends"),
    [
        (Rule("a_months", 1, "months"), dt.datetime(2026, 4, 30, 4, tzinfo=dt.UTC)),
        (Rule("a_months", 11, "months"), dt.datetime(2027, 2, 28, 4, tzinfo=dt.UTC)),
        (Rule("a_years", 2, "years"), dt.datetime(2028, 3, 31, 4, tzinfo=dt.UTC)),
        (Rule("a_hours", 5, "hours"), dt.datetime(2026, 3, 31, 9, tzinfo=dt.UTC)),
    ],
    ids=["a month without a 31st", "eleven months", "two years", "five hours"],
)
def test_months_end_on_the_same_day_or_the_last_one(rule: Rule, ends: dt.datetime) -> None:
    assert rule.after(NOW) == ends


def test_a_rule_is_said_as_people_say_it() -> None:
    assert str(Retention().rule("trajectories_days")) == "7 days"
    assert str(Rule("a_years", 1, "years")) == "1 year"


def test_every_day_of_which_events_are_kept_can_be_made_again(tmp_path: Path) -> None:
    """Or an objection, or a late file, would ask for a day that Dagster has no more."""
    text = site_with(tmp_path, "    zone_visits_months: 2\nrecomputed_days: 402\n")
    (problem,) = problems_in(tmp_path)
    assert (problem.field, problem.line) == ("recomputed_days", line_of(text, "recomputed_days:"))
    assert problem.remedy.startswith("set it to 403 or more, or keep events for fewer months")
    months = "".join(
        f"    {kind}_months: 2\n" for kind in ("gate_events", "zone_visits", "zone_demographics")
    )
    for days, refused in ((92, True), (93, False)):
        site_with(tmp_path, f"{months}recomputed_days: {days}\n")
        assert bool(problems_in(tmp_path)) is refused


@given(
    months=st.integers(1, 60),
    today=st.dates(dt.date(2026, 1, 1), dt.date(2060, 1, 1)),
)
def test_the_fewest_days_reach_past_everything_that_is_kept(months: int, today: dt.date) -> None:
    now = dt.datetime.combine(today, dt.time(), dt.UTC)
    oldest = Rule("gate_events_months", months, "months").before(now).date()
    # Late files are waited for, at the longest, for as long as the month on top.
    assert today - dt.timedelta(days=31 * (months + 1)) <= oldest - dt.timedelta(days=31)
