"""A site moves into a bucket and DuckLake: verified, again, after a kill, and over nothing else."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.release import published
from footfall_dagster import upgrade
from footfall_dagster.cli import main
from footfall_dagster.lake import CameraDay
from footfall_dagster.privacy import purge, wall
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.settings import Settings
from footfall_dagster.store import below
from tests.cluster.conftest import bucket_named
from tests.cluster.postgres import Postgres
from tests.unit.objected_mall import DAYS, NOW, Mall, objection
from tests.unit.published_mall import site_folder
from vision.contracts import ANONYMISED_TRAJECTORIES, DETECTIONS, GATE_EVENTS
from vision.objections import SEEN, Place

Grown = Callable[[Path, str], Settings]
RELEASED = [published(mart).name for mart in MARTS.values()]
AT_DOOR = CameraDay(DAYS[0], "cam_a")


@pytest.fixture
def old(tmp_path: Path) -> Mall:
    """Two days in a folder, to one of which somebody objected, made and published again."""
    mall = Mall(tmp_path / "home")
    for day in (DAYS[0], DAYS[2]):
        mall.record(day)
        mall.publish(day)
    mall.carry_out(objection(DAYS[0], 7, Place("gate", "door")))
    mall.publish(DAYS[0])
    return mall


@pytest.fixture
def new(grown: Grown, old: Mall, request: pytest.FixtureRequest, postgres: Postgres) -> Mall:
    return emptied(grown, old, request, postgres)


def emptied(grown: Grown, old: Mall, request: pytest.FixtureRequest, postgres: Postgres) -> Mall:
    """The same site where nothing is stored yet."""
    postgres.forget_ducklakes()
    return Mall(old.home, stored=grown(old.home, bucket_named(request)))


def moved(old: Mall, new: Mall) -> dict[str, upgrade.Moved]:
    return {one.part: one for one in upgrade.move(old.settings, new.settings, old.site)}


def test_all_is_copied_and_verified_and_a_second_time_only_verified(old: Mall, new: Mall) -> None:
    first = moved(old, new)
    assert {one.part for one in first.values() if one.copied == 0} <= {
        *("camera_exports", "timeline", "reports", "weekly reports", "data docs", "privacy"),
        *("purges", "marts, noise"),
    }
    assert all(one.there == 0 for one in first.values())
    for contract in SEEN:
        ours, theirs = (mall.objecting.lake.read(contract, AT_DOOR) for mall in (new, old))
        assert ours.equals(theirs)
        assert first[contract.name].rows > 0
    wanted, stored = new.objecting.warehouse, old.objecting.warehouse
    for read in ("read_days", "read_published_days"):
        marts = list((wanted.exact if read == "read_days" else wanted.released).contracts)
        ours, theirs = (getattr(one, read)(marts, "mall", DAYS) for one in (wanted, stored))
        assert all(ours[name].equals(theirs[name]) for name in theirs)
    assert wanted.withdrawn.days("mall") == stored.withdrawn.days("mall") != frozenset()
    # The objection has taken one figure of this day, and no other verdict.
    unchecked = [one.unchecked(list(MARTS.values()), "mall", DAYS[2]) for one in (wanted, stored)]
    assert unchecked == [["space_value_daily"]] * 2
    assert new.objecting.lake.objections() == old.objecting.lake.objections() != ()
    assert below(new.settings.lake / DETECTIONS.name) == []
    assert audit(new.settings, new.site, None).findings == ()

    again = moved(old, new)
    assert all(one.copied == 0 for one in again.values())
    for part, one in first.items():
        assert (again[part].there, again[part].rows) == (one.copied, one.rows)
        assert again[part].sha256 == one.sha256


@pytest.mark.parametrize("step", ["_partitions", "_marts"])
def test_a_move_that_was_killed_goes_on(
    old: Mall, new: Mall, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = getattr(upgrade, step)
    calls = []

    def killed(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) > 1:
            raise KeyboardInterrupt
        return whole(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(upgrade, step, killed)
        with pytest.raises(KeyboardInterrupt):
            moved(old, new)
    went_on = moved(old, new)
    assert any(one.there for one in went_on.values())
    assert any(one.copied for one in went_on.values())
    assert all(one.copied == 0 for one in moved(old, new).values())


def test_what_was_made_at_the_new_place_is_not_overwritten(old: Mall, new: Mall) -> None:
    moved(old, new)
    lake = new.objecting.lake
    rows = lake.read(GATE_EVENTS, AT_DOOR)
    lake.write(GATE_EVENTS, AT_DOOR, rows.head(3), "0" * 64)
    with pytest.raises(upgrade.UpgradeError, match="is another file than would be copied there"):
        moved(old, new)
    assert lake.read(GATE_EVENTS, AT_DOOR).height == 3
    lake.write(GATE_EVENTS, AT_DOOR, rows, "0" * 64)
    wanted = new.objecting.warehouse
    wanted.forget_exact("mall", {GATE_COUNTS_15MIN.name: [DAYS[2]]}, lambda _line: None)
    with pytest.raises(upgrade.UpgradeError, match="gate_counts_15min of 2026-03-17 at DuckLake"):
        moved(old, new)


def test_what_was_deleted_at_the_new_place_is_not_brought_back(old: Mall, new: Mall) -> None:
    moved(old, new)
    lake = new.objecting.lake
    gone = list(purge.forget_partitions(lake, NOW + dt.timedelta(days=20)))
    assert any(one.dataset == ANONYMISED_TRAJECTORIES.name for one in gone)
    for path, _ in list(lake.ledger.untold()):
        lake.ledger.told(path)
    again = moved(old, new)
    assert again[ANONYMISED_TRAJECTORIES.name].copied == 0
    assert lake.stored_days(ANONYMISED_TRAJECTORIES.name) == []
    assert old.objecting.lake.stored_days(ANONYMISED_TRAJECTORIES.name) != []


def test_a_day_that_is_withdrawn_at_the_new_place_stays_withdrawn(
    grown: Grown, tmp_path: Path, request: pytest.FixtureRequest, postgres: Postgres
) -> None:
    old = Mall(tmp_path / "home")
    old.record(DAYS[0])
    old.publish(DAYS[0])
    new = emptied(grown, old, request, postgres)
    moved(old, new)
    stored = new.objecting.warehouse
    # As an objection does that takes nobody out.
    stored.withdrawn.add("mall", [DAYS[0]])
    stored.released.take_out("mall", dict.fromkeys(RELEASED, (DAYS[0],)), lambda _line: None)
    assert stored.released.days("mall") == set()
    moved(old, new)
    assert stored.released.days("mall") == set()
    assert stored.exact.days("mall") == {DAYS[0]}


def test_what_is_not_as_the_wall_let_it_pass_is_not_copied(old: Mall, new: Mall) -> None:
    part = old.objecting.lake.folder(GATE_EVENTS.name, AT_DOOR) / wall.PART
    part.write_bytes(part.read_bytes() + b"\n")
    with pytest.raises(wall.Refused):
        moved(old, new)
    assert not (new.objecting.lake.folder(GATE_EVENTS.name, AT_DOOR) / wall.PART).exists()


def test_the_command_says_what_it_did_and_where_it_is_to_go(old: Mall, new: Mall) -> None:
    def told(**more: str) -> Result:
        site = old.home.parent / "site"
        named = {
            "FOOTFALL_HOME": str(old.home),
            "FOOTFALL_SITE": str(site if site.exists() else site_folder(site)),
        }
        return CliRunner(env=named | more).invoke(main, ["upgrade", "--from", str(old.home)])

    nowhere = told(FOOTFALL_CATALOG="")
    assert nowhere.exit_code == 2
    assert "FOOTFALL_STORE is where everything is already" in nowhere.output
    there = {
        "FOOTFALL_STORE": str(new.settings.store),
        "FOOTFALL_S3_ENDPOINT": str(new.settings.s3_endpoint),
    }
    done = told(**there)
    assert done.exit_code == 0, done.output
    assert "gate_events" in done.output
    assert done.output.endswith("All of it is at the new place, and verified.\n")
