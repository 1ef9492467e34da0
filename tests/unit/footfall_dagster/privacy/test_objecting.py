"""Objections from the desk to the last stored row: what is taken, obeyed, checked and refused."""

import datetime as dt
import shutil
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import pytest

from assets.marts import release as release_step
from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.plan import SitePlan
from assets.storage import Asked
from footfall_dagster.lake import CameraDay
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.privacy.ledger import PUBLIC_REPORTS
from footfall_dagster.privacy.objecting import InUse
from footfall_dagster.privacy.objection_asked import ObjectionError, asked
from footfall_dagster.privacy.objection_list import ObjectionsUnreadable
from footfall_dagster.privacy.objections_obeyed import obeyed
from footfall_dagster.privacy.wall import Refused
from footfall_dagster.report_store import report_stores
from tests.unit.objected_mall import DAY, DAYS, NOW, PEOPLE, Mall, came_at, objection
from vision.contracts import ANONYMISED_TRAJECTORIES, DETECTIONS, GATE_EVENTS, TRACKS, ZONE_VISITS
from vision.objections import SEEN, Objection, Place, without
from vision.site.models import SiteDay
from vision.site.release import Noise

DOOR = Place("gate", "door")
OBJECTED = objection(DAYS[0], 7, DOOR)
AT_DOOR, AT_BACK = CameraDay(DAYS[0], "cam_a"), CameraDay(DAYS[0], "cam_b")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("recorded") / "home"
    Mall(home).record(DAYS[0])
    return home


@pytest.fixture
def mall(recorded: Path, tmp_path: Path) -> Mall:
    """One day that is stored, and nothing made of it."""
    shutil.copytree(recorded, tmp_path / "home")
    return Mall(tmp_path / "home")


def stored(mall: Mall, camera_day: CameraDay = AT_DOOR) -> dict[str, int]:
    lake = mall.objecting.lake
    return {one.name: lake.read(one, camera_day).height for one in SEEN}


def obeys(mall: Mall) -> tuple[Sequence[Objection], SiteDay, str]:
    """What the step is told that makes anonymous events at the door."""
    return mall.objecting.lake.objections(), mall.site.on(DAYS[0]), AT_DOOR.camera


def kinds(mall: Mall, now: dt.datetime = NOW) -> list[str]:
    return [f"{one.file} {one.kind}" for one in obeyed(mall.objecting, now).findings]


def test_its_rows_are_in_no_stored_stage(mall: Mall):
    before, beside = stored(mall), stored(mall, AT_BACK)
    mall.carry_out(OBJECTED)
    lake = mall.objecting.lake
    events = lake.read(GATE_EVENTS, AT_DOOR)
    assert before[GATE_EVENTS.name] - events.height == 2
    assert came_at(DAYS[0], 7) not in events["at"]
    assert lake.read(ZONE_VISITS, AT_DOOR).height == PEOPLE - 1
    assert lake.read(ANONYMISED_TRAJECTORIES, AT_DOOR)["trajectory"].n_unique() == PEOPLE - 1
    assert stored(mall, AT_BACK) == beside
    for contract in (DETECTIONS, TRACKS):
        gone = lake.ledger.last(contract.name, str(AT_DOOR)) or next(
            receipt for _, receipt in lake.ledger.untold() if receipt.dataset == contract.name
        )
        assert str(gone).startswith("deleted for an objection on 2026-03-20")
        assert not (lake.folder(contract.name, AT_DOOR) / "part.parquet").exists()
    assert kinds(mall) == []


def test_exact_marts_forget_the_day_until_it_is_made_again(mall: Mall):
    mall.publish(DAYS[0])
    mart, warehouse = GATE_COUNTS_15MIN, mall.objecting.warehouse
    before = warehouse.read_day(mart, "mall", DAYS[0])["entries"].sum()
    assert mall.carry_out(OBJECTED) == [DAYS[0]]
    assert warehouse.read_day(mart, "mall", DAYS[0]).is_empty()
    mall.publish(DAYS[0])
    assert warehouse.read_day(mart, "mall", DAYS[0])["entries"].sum() == before - 1
    assert mall.rows(mart.name, DAYS[0]).is_empty()
    assert audit(mall.settings, mall.site, None).findings == ()


def test_what_is_made_again_from_recordings_obeys_those_that_stand(mall: Mall):
    lake = mall.objecting.lake
    fresh = {one.name: lake.read(one, AT_DOOR) for one in SEEN}
    mall.carry_out(OBJECTED)
    left = without(fresh, *obeys(mall))
    assert all(left[one.name].equals(lake.read(one, AT_DOOR)) for one in SEEN)


def test_the_check_finds_rows_that_came_back(mall: Mall):
    rows = {one: mall.objecting.lake.read(one, AT_DOOR) for one in SEEN}
    mall.carry_out(OBJECTED)
    for contract, frame in rows.items():
        mall.write(contract, AT_DOOR, frame)
    shown = "date=2026-03-10/camera=cam_a somebody objected"
    assert kinds(mall) == [f"lake/{one.name}/{shown}" for one in SEEN]


def test_the_check_finds_tracks_and_pages_that_came_back_and_who_waits_for_too_long(mall: Mall):
    mall.carry_out(OBJECTED)
    mall.write(TRACKS, AT_DOOR, TRACKS.empty())
    report_stores(mall.settings, "mall")[PUBLIC_REPORTS].write(DAYS[0] + DAY, "<p>again</p>")
    mall.objecting.lake.objection_list.add(objection(DAYS[0], 9, DOOR), NOW.date())
    later = dt.datetime.now(dt.UTC) + 2 * DAY
    assert kinds(mall, later) == [
        "lake/tracks/date=2026-03-10/camera=cam_a made again and not deleted",
        "public_reports/2026-03-11.html withdrawn",
        "lake/_objections an objection waits for too long",
    ]
    receipts = list(mall.objecting.forget_seen_again(NOW, lambda _: False))
    assert [one.dataset for one in receipts] == [TRACKS.name]


def test_rows_that_came_back_are_taken_out_again_with_what_was_made_of_them(mall: Mall):
    lake = mall.objecting.lake
    rows = {one: lake.read(one, AT_DOOR) for one in SEEN}
    assert mall.carry_out(OBJECTED) == [DAYS[0]]
    for day, batch in lake.objection_list.read().to_make:
        lake.objection_list.made(day, batch)
    assert list(mall.objecting.forget_seen_again(NOW, lambda _: False)) == []
    assert lake.objection_list.read().begun == ()
    for contract, frame in rows.items():
        mall.write(contract, AT_DOOR, frame)
    mall.publish(DAYS[0])

    list(mall.objecting.forget_seen_again(NOW, lambda _: False))
    assert lake.objection_list.read().begun == (OBJECTED,)
    assert mall.carry_out() == [DAYS[0]]
    assert kinds(mall) == []
    assert mall.objecting.warehouse.read_day(GATE_COUNTS_15MIN, "mall", DAYS[0]).is_empty()


def test_one_camera_day_that_is_in_use_keeps_no_other_waiting(mall: Mall):
    before = stored(mall, AT_BACK)
    in_the_way = objection(DAYS[0], 7, Place("camera", "cam_b"))
    for one in (OBJECTED, in_the_way):
        mall.objecting.lake.objection_list.add(one, NOW.date())
    part = mall.objecting.lake.folder(GATE_EVENTS.name, AT_DOOR) / "part.parquet"
    whole = part.read_bytes()
    part.write_bytes(whole[:-1])
    with pytest.raises(Refused):
        list(mall.objecting.carry_out(NOW))
    assert stored(mall, AT_BACK) != before
    assert len(mall.objecting.lake.objection_list.read().begun) == 2
    part.write_bytes(whole)
    list(mall.objecting.carry_out(NOW))
    assert kinds(mall) == []


def test_five_are_carried_out_together_and_one_that_waits_for_three_days_alone(mall: Mall):
    listed, today = mall.objecting.lake.objection_list, NOW.date()
    # Written just now, so that they have days to live.
    now = dt.datetime.combine(today, dt.time(12), dt.UTC)
    for number in range(4):
        listed.add(objection(DAYS[2], number, DOOR), today)
    assert not mall.objecting.is_due(now)
    assert mall.objecting.is_due(now + 3 * DAY)
    listed.add(objection(DAYS[2], 4, DOOR), today)
    assert mall.objecting.is_due(now)


def test_none_waits_until_its_trajectories_are_past_their_retention(mall: Mall):
    mall.objecting.lake.objection_list.add(OBJECTED, DAYS[0] + DAY)
    assert not mall.objecting.is_due(dt.datetime(2026, 3, 13, 12, tzinfo=dt.UTC))
    assert mall.objecting.is_due(dt.datetime(2026, 3, 17, 12, tzinfo=dt.UTC))


def test_a_batch_waits_for_runs_and_is_obeyed_meanwhile(mall: Mall):
    lake, before = mall.objecting.lake, stored(mall)
    lake.objection_list.add(OBJECTED, NOW.date())
    with pytest.raises(InUse, match="a run of a day to which somebody objected is in progress"):
        list(mall.objecting.carry_out(NOW, lambda _: True))
    assert stored(mall) == before
    assert lake.objections() == (OBJECTED,)
    assert mall.objecting.is_due(NOW)
    list(mall.objecting.carry_out(NOW))
    assert stored(mall) != before


def test_nothing_is_published_between_two_tries_of_a_batch(mall: Mall):
    mall.publish(DAYS[0])
    listed, stored = mall.objecting.lake.objection_list, mall.objecting.warehouse
    listed.add(OBJECTED, NOW.date())
    with pytest.raises(InUse):
        list(mall.objecting.carry_out(NOW, lambda _: True))
    # As a run does that was in progress: it obeys already, and would tell of one less.
    lake = mall.objecting.lake
    left = without({one.name: lake.read(one, AT_DOOR) for one in SEEN}, *obeys(mall))
    for one in SEEN:
        mall.write(one, AT_DOOR, left[one.name])
    mall.publish(DAYS[0])
    assert not any(mall.released[1])
    assert not any(map(len, mall.released[0].values()))  # type: ignore[attr-defined]
    assert stored.read_day(GATE_COUNTS_15MIN, "mall", DAYS[0])["entries"].sum() > 0


def test_days_are_withdrawn_before_anything_obeys(mall: Mall, monkeypatch: pytest.MonkeyPatch):
    lake, withdrawn = mall.objecting.lake, mall.objecting.warehouse.withdrawn
    lake.objection_list.add(OBJECTED, NOW.date())

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("footfall_dagster.privacy.objection_list.place_text", killed)
        with pytest.raises(KeyboardInterrupt):
            list(mall.objecting.carry_out(NOW))
    assert lake.objections() == ()
    assert DAYS[0] in withdrawn.days("mall")


def test_draws_of_withdrawn_days_go_with_what_they_were_drawn_from(mall: Mall):
    noise = mall.objecting.warehouse.noise
    for day in (DAYS[0], DAYS[2]):
        asked = Asked(
            "mall", day, "zone_visits_hourly", Noise(), 1, rows="0" * 64, content="1" * 64
        )
        noise.kept_or_drawn(asked, lambda: (3,))
    mall.carry_out(OBJECTED)
    assert noise.days("mall") == {DAYS[2]}


def test_nothing_is_decided_or_drawn_of_a_withdrawn_day(mall: Mall):
    class Withdrawing:
        """A warehouse of which nothing else may be asked."""

        is_withdrawn = mall.objecting.warehouse.is_withdrawn

    mall.carry_out(OBJECTED)
    assets = release_step.build(SitePlan(mall.site))
    result = dg.materialize(
        assets,
        partition_key=DAYS[0].isoformat(),
        instance=dg.DagsterInstance.ephemeral(),
        resources={"warehouse": Withdrawing(), "lake": object()},
    )
    told = [event.materialization.metadata for event in result.get_asset_materialization_events()]
    assert len(told) == len(MARTS)
    assert all(set(metadata) == {"withdrawn"} for metadata in told)


@pytest.mark.parametrize("step", ["_withdraw_pages", "_clear", "_clear_exact"])
def test_a_batch_that_is_killed_is_carried_out_by_the_next_run(
    mall: Mall, step: str, monkeypatch: pytest.MonkeyPatch
):
    mall.objecting.lake.objection_list.add(OBJECTED, NOW.date())

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(f"footfall_dagster.privacy.objecting.Objecting.{step}", killed)
        with pytest.raises(KeyboardInterrupt):
            list(mall.objecting.carry_out(NOW))
    assert mall.objecting.is_due(NOW)
    list(mall.objecting.carry_out(NOW))
    assert stored(mall)[ZONE_VISITS.name] == PEOPLE - 1
    assert mall.objecting.lake.objection_list.read().begun == ()
    assert kinds(mall) == []


def test_objections_are_forgotten_when_nothing_of_their_day_can_come_back(mall: Mall):
    mall.carry_out(OBJECTED)
    objecting = mall.objecting
    assert objecting.forget_past(NOW + 400 * DAY) == 0
    for camera in ("cam_a", "cam_b"):
        for contract in (*SEEN, DETECTIONS, TRACKS):
            part = objecting.lake.folder(contract.name, CameraDay(DAYS[0], camera))
            (part / "part.parquet").unlink(missing_ok=True)
    # The recorders' files are not ours to delete, so the day may be made from them again.
    assert objecting.forget_past(NOW + 400 * DAY) == 0
    assert objecting.forget_past(NOW + 11 * 366 * DAY) == 1
    assert objecting.lake.objections() == ()


def test_a_list_that_was_changed_stops_what_would_bring_objectors_back(mall: Mall):
    mall.carry_out(OBJECTED)
    path = mall.objecting.lake.objection_list.path
    path.write_text(path.read_text() + " ")
    with pytest.raises(ObjectionsUnreadable, match="Put the file back from a copy"):
        mall.objecting.lake.objections()
    path.write_text(path.read_text().replace("T12:04:12", "T12:04:1x"))
    with pytest.raises(ObjectionsUnreadable) as unreadable:
        mall.objecting.lake.objections()
    assert "12:04" not in str(unreadable.value)
    assert "not on the list" in str(audit(mall.settings, mall.site, None).findings)


LOCAL = dt.datetime(2026, 3, 10, 12, 5)
MINUTES = dt.timedelta(minutes=1)


def ask(
    mall: Mall,
    place: Place = DOOR,
    starts: dt.datetime = LOCAL,
    ends: dt.datetime = LOCAL + 10 * MINUTES,
    now: dt.datetime = NOW,
) -> object:
    return asked(mall.objecting, place, starts, ends, now)


def test_an_objection_is_taken_by_the_clock_of_the_site(mall: Mall):
    taken = ask(mall)
    assert str(taken.starts) == "2026-03-10 12:05:00+00:00"  # type: ignore[attr-defined]
    # Clocks go back at 2: the hour that comes twice is meant twice.
    night = dt.datetime(2026, 10, 25, 1, 10)
    taken = ask(mall, starts=night, ends=night + MINUTES, now=NOW + 300 * DAY)
    assert taken.ends - taken.starts == 61 * MINUTES  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"place": Place("gate", "dor")}, "no gate 'dor' on 2026-03-10; did you mean door?"),
        ({"place": Place("zone", "moon")}, "no zone 'moon' on 2026-03-10; known here: aisle"),
        ({"place": Place("camera", "cam_x")}, "no camera 'cam_x'"),
        ({"place": Place("point", "roof", 1, 1, 1)}, "no floor 'roof'"),
        ({"place": Place("point", "ground", 1, 1, 50)}, "a radius of 50 m: give one from 0.5"),
        ({"place": Place("point", "ground", 99, 1, 1)}, "is not on floor ground, which goes from"),
        ({"ends": LOCAL - MINUTES}, "not after 2026-03-10 12:05"),
        ({"ends": LOCAL + 31 * MINUTES}, "31 minutes is too long"),
        ({"now": NOW - 30 * DAY}, "still to come"),
        (
            {"starts": LOCAL.replace(hour=3, minute=55), "ends": LOCAL.replace(hour=4)},
            "two trading",
        ),
        (
            {"starts": dt.datetime(2025, 3, 10, 12), "ends": dt.datetime(2025, 3, 10, 12, 9)},
            "2025-03-10 is no trading day of mall, which site.yaml has open from 2026-01-01",
        ),
        (
            {
                "starts": dt.datetime(2026, 1, 5, 12),
                "ends": dt.datetime(2026, 1, 5, 12, 9),
                "now": NOW + 365 * DAY,
            },
            "2026-01-05 is outside the retained days of mall: .* before 2026-03-20 is kept",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_taken_is_told_with_a_remedy(
    mall: Mall, wrong: dict[str, object], told: str
):
    with pytest.raises(ObjectionError, match=told):
        ask(mall, **wrong)  # type: ignore[arg-type]
