"""`footfall objections` at a desk: what one types, what is told, what is kept of it."""

import datetime as dt
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from footfall_dagster.cli import main
from footfall_dagster.day import DayFailed
from footfall_dagster.privacy.objection_list import FOLDER, ObjectionList
from footfall_dagster.settings import Settings
from tests.unit.published_mall import site_folder

YESTERDAY = dt.date.today() - dt.timedelta(days=1)
WINDOW = ("--from", f"{YESTERDAY} 12:00", "--until", f"{YESTERDAY} 12:10")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = site_folder(tmp_path / "site")
    described = folder / "site.yaml"
    lines = described.read_text().splitlines()
    still_open = [line for line in lines if not line.startswith("closes:")]
    described.write_text("\n".join(still_open) + "\n")
    return Settings(site=folder, home=tmp_path / "home")


def told(settings: Settings, *arguments: str) -> Result:
    named = {"FOOTFALL_HOME": str(settings.home), "FOOTFALL_SITE": str(settings.site)}
    runner = CliRunner(env={"COLUMNS": "200"} | named)
    return runner.invoke(main, ["objections", *arguments])


def test_an_objection_is_taken_in_once_and_listed(settings: Settings):
    gate = ("--gate", "entrance")
    first = told(settings, "add", *gate, *WINDOW)
    assert first.exit_code == 0, first.output
    assert f"Taken in: gate entrance, {YESTERDAY} 12:00 to 12:10. Nothing says" in first.output
    assert "1 of 5 wait" in first.output
    assert "Known already" in told(settings, "add", *gate, *WINDOW).output
    assert f"gate entrance, {YESTERDAY} 12:00 to 12:10" in told(settings, "list").output
    kept = [path for path in settings.home.rglob("*") if path.is_file()]
    assert [path.name for path in kept] == ["site=mall.json"]


def test_none_is_carried_out_before_it_is_due(settings: Settings):
    told(settings, "add", "--gate", "entrance", *WINDOW)
    early = told(settings, "apply")
    assert early.exit_code == 0
    assert "None is due yet; --now carries them out at once." in early.output
    assert not (settings.home / "dagster").exists()


def test_days_are_made_again_although_a_new_objection_waits(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    listed = ObjectionList(settings.lake / FOLDER, "mall")
    days = [YESTERDAY - dt.timedelta(days=back) for back in (2, 1)]
    listed.finish((), dict.fromkeys(days, "a batch"))
    told(settings, "add", "--gate", "entrance", *WINDOW)
    tried = []

    def make_again(_settings: object, _instance: object, day: dt.date, _say: object) -> None:
        tried.append(day)
        if day == days[0]:
            raise DayFailed(f"{day}, gate_counts_15min: no room")

    monkeypatch.setattr("footfall_dagster.day.make_again", make_again)
    failed = told(settings, "apply")
    assert failed.exit_code == 1
    assert f"{days[0]}, gate_counts_15min: no room\nwhat was objected to is gone" in failed.output
    assert tried == days
    assert [day for day, _ in listed.read().to_make] == days[:1]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (WINDOW, "an objection has one place, and none is given"),
        (("--gate", "a", "--zone", "b", *WINDOW), "has one place, and 2 is given"),
        (("--gate", "entrence", *WINDOW), "did you mean entrance?"),
        (("--gate", "entrance", *WINDOW[:2]), "Missing option '--until'"),
    ],
    ids=["no place", "two places", "unknown gate", "no end"],
)
def test_what_is_wrong_is_told_without_a_stack(
    settings: Settings, arguments: tuple[str, ...], why: str
):
    wrong = told(settings, "add", *arguments)
    assert wrong.exit_code in {1, 2}
    assert why in wrong.output
    assert "Traceback" not in wrong.output
    assert not settings.home.exists()


def test_a_wrong_site_is_told_with_a_remedy(settings: Settings, tmp_path: Path):
    nowhere = settings.model_copy(update={"site": tmp_path / "nowhere"})
    for arguments in (["list"], ["apply"], ["add", "--gate", "entrance", *WINDOW]):
        wrong = told(nowhere, *arguments)
        assert wrong.exit_code == 1
        assert "give the folder that holds site.yaml" in wrong.output
