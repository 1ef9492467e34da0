"""Counts by eye: what audits.yaml says, and what is said of a wrong one."""

import datetime as dt
from pathlib import Path

import pytest

from tests.unit.vision.site_directory import problems_in, write
from vision.site.load import load_site

COUNT = "- {gate: entrance, starts: 2026-03-02 10:00:00, minutes: 10, entries: 14, exits: 9}"
"""In London, in winter."""


def with_audits(directory: Path, *counts: str) -> Path:
    write(directory)
    (directory / "audits.yaml").write_text("\n".join(["audits:", *(f"  {one}" for one in counts)]))
    return directory


def test_a_site_needs_none(tmp_path: Path) -> None:
    assert load_site(write(tmp_path)).audits == ()


def test_counts_are_of_the_trading_day_on_which_they_begin(tmp_path: Path) -> None:
    late = COUNT.replace("02 10:00:00", "03 03:50:00")
    site = load_site(with_audits(tmp_path, COUNT, late))
    monday = site.on(dt.date(2026, 3, 2))
    assert [(one.entries, one.exits) for one in monday.audits] == [(14, 9)] * 2
    assert site.on(dt.date(2026, 3, 3)).audits == ()
    begins, ends = monday.audits[0].window(site.zone_info)
    assert begins == dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
    assert ends - begins == dt.timedelta(minutes=10)


def test_what_is_made_of_recordings_does_not_rest_on_them(tmp_path: Path) -> None:
    without = load_site(write(tmp_path))
    assert load_site(with_audits(tmp_path, COUNT)).as_recorded == without


@pytest.mark.parametrize(
    ("counts", "field", "what", "remedy"),
    [
        pytest.param(
            (COUNT.replace("entrance", "entrace"),),
            "audits[0].gate",
            "there is no gate entrace on 2026-03-02",
            "did you mean entrance?",
            id="of a gate that is not there",
        ),
        pytest.param(
            (COUNT.replace("2026-03-02", "2026-05-02"),),
            "audits[0].starts",
            "the site is not open on 2026-05-02",
            "see opens and closes in site.yaml",
            id="of a day on which there is no site",
        ),
        pytest.param(
            (COUNT.replace("02 10:00", "03 03:55"),),
            "audits[0].minutes",
            "goes on past the end of trading day 2026-03-02",
            "end it before 04:00",
            id="that goes on into the next day",
        ),
        pytest.param(
            (COUNT, COUNT.replace("10:00:00", "10:09:00")),
            "audits[1].starts",
            "another entry counts gate entrance in some of these minutes as well",
            "keep one of the two",
            id="of the same minutes twice",
        ),
        pytest.param(
            (COUNT.replace("minutes: 10", "minutes: 500"),),
            "audits[0].minutes",
            "500",
            "120",
            id="of more hours than anybody counts well",
        ),
        pytest.param(
            (COUNT.replace("entries: 14", "entries: -1"),),
            "audits[0].entries",
            "-1",
            "0",
            id="of fewer than nobody",
        ),
        pytest.param(
            (COUNT.replace("exits: 9", "exits: 9, exit: 9"),),
            "audits[0].exit",
            "there is no such field",
            "did you mean exits?",
            id="with a field that is not known",
        ),
        pytest.param(
            (COUNT.replace("2026-03-02 10:00:00", "0001-01-01 00:00:00"),),
            "audits[0].starts",
            "0001-01-01 00:00:00 lies in another century",
            "2026-03-14",
            id="of a year that no clock shows",
        ),
        pytest.param(
            (COUNT.replace("2026-03-02 10:00:00", "2026-03-29 01:30:00"),),
            "audits[0].starts",
            "the clocks of the site never show 2026-03-29 01:30:00",
            "after the change",
            id="of an hour that there is not",
        ),
        pytest.param(
            (COUNT.replace("2026-03-02 10:00:00", "ten"),),
            "audits[0].starts",
            "ten",
            "2026-",
            id="of no moment",
        ),
    ],
)
def test_a_wrong_count_is_named(
    tmp_path: Path, counts: tuple[str, ...], field: str, what: str, remedy: str
) -> None:
    problem = problems_in(with_audits(tmp_path, *counts))[0]
    assert (problem.file, problem.field) == ("audits.yaml", field)
    assert problem.line is not None
    assert what in problem.what
    assert remedy in problem.remedy
