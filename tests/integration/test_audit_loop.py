"""`footfall audit` from end to end: intervals drawn, counted by eye, in warehouse and report.

The jobs are the real ones; the recordings are grey films, in which detector and tracker see whom
the simulator has walk there (`tests.privacy.finished_home`). The eye sees the simulator's truth,
with mistakes.
"""

import csv
import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner
from scipy.stats import t as student

from assets.marts.contracts import MARTS
from assets.marts.release import published
from assets.reports.page import share
from footfall_dagster import day as materialising
from footfall_dagster.cli import main
from footfall_dagster.definitions import build_definitions
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.resources import warehouse
from tests.privacy.finished_home import Crowd, Home, lay_out, record
from vision.contracts import GATE_EVENTS
from vision.simulate.trajectories import simulate_trajectories
from vision.site.load import load_site

# A day is made twice and another once, by all of its jobs.
pytestmark = pytest.mark.timeout(1800)

DAY, NEXT = dt.date(2026, 3, 13), dt.date(2026, 3, 14)
PEOPLE, SEED = 150, 11
INTERVALS, MINUTES = 12, 20
WRONG = {1: (1, 0), 4: (0, -1), 7: (2, 1)}
"""By row of the sheet what the eye sees too many of, in and out."""
NOT_COUNTED = 10
Counts = tuple[int, int]
ACCURACY = ("audit_accuracy", "audit_low", "audit_high")


@dataclass(frozen=True)
class Audited:
    """What came of an audit of one day, and of the day after it."""

    home: Home
    drawn: str
    scored: str
    scored_again: str
    sheet: list[dict[str, str]]
    by_eye: dict[tuple[str, dt.datetime], Counts]
    written: bytes

    def row(self, mart: str, day: dt.date, gate: str) -> dict[str, object]:
        rows = warehouse(self.home.settings).read_day(MARTS[mart], self.home.site.id, day)
        return rows.row(by_predicate=pl.col("gate") == gate, named=True)

    def page(self, day: dt.date) -> str:
        """Words of the report, without its drawings."""
        page = re.sub(r"<(svg|style)\b.*?</\1>", "", self.home.page(day).read_text(), flags=re.S)
        return re.sub(r"<[^>]*>", "", page)


def crossed(events: pl.DataFrame, gate: str, starts: dt.datetime) -> Counts:
    """Who crossed in and out in the minutes of an interval, UTC."""
    ends = starts + dt.timedelta(minutes=MINUTES)
    own = [way for name, at, way, *_ in events.rows() if name == gate and starts <= at < ends]
    return own.count("in"), own.count("out")


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Audited:
    folder = tmp_path_factory.mktemp("audit")
    home = lay_out(_made(folder / "home"), DAY, NEXT)
    # A short day has few films to go through.
    described = home.settings.site / "site.yaml"
    described.write_text(described.read_text().replace('closes: "18:00"', 'closes: "13:00"'))
    for day in (DAY, NEXT):
        record(home, day)
    for film in home.settings.recordings.glob(".grey-*"):
        film.unlink()
    weights = folder / "none.pt"
    weights.touch()
    crowd = Crowd(home.site, PEOPLE, SEED)
    resources = {"detector": crowd, "tracker": dg.ResourceDefinition(lambda _: crowd)}
    variables = {
        "FOOTFALL_SITE": str(home.settings.site),
        "FOOTFALL_HOME": str(home.root),
        "FOOTFALL_RECORDINGS": str(home.settings.recordings),
        "FOOTFALL_WEIGHTS": str(weights),
        "DAGSTER_HOME": str(home.dagster),
        "COLUMNS": "200",
    }

    def footfall(*arguments: object) -> str:
        result = CliRunner(env=variables).invoke(main, [*map(str, arguments)])
        assert result.exit_code == 0, result.output
        return result.output

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            materialising,
            "build_definitions",
            lambda settings, loggers: build_definitions(
                settings, resources=resources, loggers=loggers
            ),
        )
        footfall("run", home.settings.site, "--day", DAY)
        path = folder / "sheet.csv"
        asked = ("--day", DAY, "--intervals", INTERVALS, "--minutes", MINUTES, "--seed", 5)
        drawn = footfall("audit", "sample", *asked, "--out", path)
        sheet, by_eye = _filled(home, path)
        scored = footfall("audit", "score", path, "--run")
        written = (home.settings.site / "audits.yaml").read_bytes()
        footfall("run", home.settings.site, "--day", NEXT)
        scored_again = footfall("audit", "score", path, "--run")
    return Audited(home, drawn, scored, scored_again, sheet, by_eye, written)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _filled(
    home: Home, path: Path
) -> tuple[list[dict[str, str]], dict[tuple[str, dt.datetime], Counts]]:
    """Have the sheet filled in and saved as spreadsheets save: in another order, with semicolons.

    Returns:
        The sheet as it was drawn, and what the eye counted by gate and start, UTC.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = simulate_trajectories(home.site.on(DAY), PEOPLE, SEED + DAY.toordinal())
    by_eye: dict[tuple[str, dt.datetime], Counts] = {}
    filled = []
    for number, row in enumerate(rows):
        starts = dt.datetime.strptime(row["starts"], "%Y-%m-%d %H:%M")
        at = starts.replace(tzinfo=home.site.zone_info).astimezone(dt.UTC)
        entries, exits = crossed(truth[row["camera"]].gate_events, row["gate"], at)
        more_in, more_out = WRONG.get(number, (0, 0))
        saw = (max(entries + more_in, 0), max(exits + more_out, 0))
        changed = {**row, "starts": f"{starts:%d/%m/%Y %H:%M}"}
        if number != NOT_COUNTED:
            by_eye[row["gate"], at] = saw
            changed |= {"entries": str(saw[0]), "exits": str(saw[1])}
        filled.append(changed)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        names = ["recordings", "exits", "entries", "minutes", "starts", "gate", "code", "camera"]
        saved = csv.DictWriter(file, names, delimiter=";")
        saved.writeheader()
        saved.writerows(reversed(filled[:5]))
        file.write(";" * (len(names) - 1) + "\r\n")
        saved.writerows(filled[5:])
    return rows, by_eye


def expected(audited: Audited, gate: str) -> tuple[float, float, float]:
    """Accuracy and its interval at a gate, from the counts by eye and the rows in the lake."""
    camera = audited.home.site.on(DAY).gates[gate].camera
    lake = Lake(audited.home.settings.lake, audited.home.site)
    events = lake.read(GATE_EVENTS, CameraDay(DAY, camera))
    eye = {at: saw for (name, at), saw in audited.by_eye.items() if name == gate}
    saw = np.array(list(eye.values()), dtype=float)
    counted = np.array([crossed(events, gate, at) for at in eye], dtype=float)
    people, off = saw.sum(axis=1), np.abs(saw - counted).sum(axis=1)
    n, error = len(people), off.sum() / people.sum()
    scatter = np.std(off - error * people, ddof=1) / np.sqrt(n) / people.mean()
    margin = max(student.ppf(0.975, n - 1) * scatter, 3 / people.sum())
    return 1 - error, max(1 - error - margin, 0), min(1 - error + margin, 1)


GATES = ("bakery_door", "books_door", "entrance")


def test_the_draw_tells_where_to_look_and_nothing_of_what_was_counted(audited: Audited) -> None:
    assert "seed 5" in audited.drawn
    assert len(audited.sheet) == INTERVALS
    for row in audited.sheet:
        assert (row["entries"], row["exits"]) == ("", "")
        name, _, at = row["recordings"].partition(";")[0].partition(" at ")
        assert (audited.home.settings.recordings / name).is_file()
        began = dt.datetime.strptime(re.sub(r"\D", "", Path(name).stem), "%Y%m%d%H%M%S")
        hours, minutes, seconds = map(int, at.split(":"))
        offset = dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
        assert f"{began + offset:%Y-%m-%d %H:%M}" == row["starts"]
        assert row["starts"] in audited.drawn


def test_each_gate_is_drawn_as_often_and_all_over_the_day(audited: Audited) -> None:
    for gate in GATES:
        hours = [int(row["starts"][11:13]) for row in audited.sheet if row["gate"] == gate]
        assert len(hours) == INTERVALS / len(GATES)
        assert min(hours) < 11 <= max(hours)


@pytest.mark.parametrize("day", [DAY, NEXT], ids=["the day that was counted", "the day after"])
@pytest.mark.parametrize("gate", GATES)
def test_accuracy_and_interval_are_in_the_warehouse_and_in_the_report(
    audited: Audited, gate: str, day: dt.date
) -> None:
    accuracy, low, high = expected(audited, gate)
    row = audited.row("gate_accuracy_daily", day, gate)
    assert tuple(row[name] for name in ACCURACY) == pytest.approx((accuracy, low, high), abs=1e-6)
    seen = [saw for (name, _), saw in audited.by_eye.items() if name == gate]
    assert row["audits"] == len(seen)
    assert row["audited_minutes"] == MINUTES * len(seen)
    assert row["audited_entries"] == sum(entries for entries, _ in seen)
    page = audited.page(day)
    beside = f"{gate.replace('_', ' ')}.*{share(accuracy)} {share(low)} to {share(high)}$"
    assert re.search(beside, page, flags=re.M)
    if audited.home.site.on(day).gates[gate].leads_from == "outside":
        told = f"{share(accuracy)} ({share(low)} to {share(high)} in 19 cases of 20)"
        assert f"{told}, by {len(seen)} counts by eye" in page


def test_the_eye_and_the_gates_differ_somewhere(audited: Audited) -> None:
    """Else the interval would be that of counts without a mistake, and the test could not fail."""
    rows = [audited.row("gate_accuracy_daily", DAY, gate) for gate in GATES]
    assert any(0 < row["audit_low"] < row["audit_accuracy"] < 1 for row in rows)


def test_whoever_scores_is_told_as_much_before_the_day_is_made_again(audited: Audited) -> None:
    for gate in GATES:
        accuracy, low, high = expected(audited, gate)
        assert f"{share(accuracy)} ({share(low)} to {share(high)})" in audited.scored
    assert "1 row not counted" in audited.scored
    assert f"added {INTERVALS - 1} counts" in audited.scored


def test_counts_are_kept_once(audited: Audited) -> None:
    kept = load_site(audited.home.settings.site).audits
    assert len(kept) == len(audited.by_eye) == INTERVALS - 1
    path = audited.home.settings.site / "audits.yaml"
    assert path.read_bytes() == audited.written
    assert f"added 0 counts to {path}; {INTERVALS - 1} were there" in audited.scored_again.replace(
        "\n", ""
    )
    for day in (DAY, NEXT):
        assert f"site_day {day}: already made from these inputs" in audited.scored_again


def test_what_is_released_is_of_enough_people(audited: Audited) -> None:
    stored = warehouse(audited.home.settings)
    k = audited.home.site.file.privacy.k
    for gate in GATES:
        exact = audited.row("gate_accuracy_daily", DAY, gate)
        names = ("audited_entries", "audited_exits", "gate_entries", "gate_exits")
        enough = all(not 0 < exact[name] < k for name in names)
        mart = published(MARTS["gate_accuracy_daily"])
        rows = stored.read_published_day(mart, audited.home.site.id, DAY)
        row = rows.row(by_predicate=pl.col("gate") == gate, named=True)
        assert row["audit_accuracy"] == (exact["audit_accuracy"] if enough else None)
