"""A real day whose lake, pages and records lie in a bucket: the same rows, every check passes."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl

from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.privacy.inspection import SiteInspector
from footfall_dagster.settings import Settings
from footfall_dagster.store import below
from tests.privacy.finished_home import Home, lay_out, materialise, record
from vision.contracts import GATE_EVENTS, lake_of

DAY = dt.date(2026, 3, 14)
Grown = Callable[[Path, str], Settings]


def test_a_day_in_a_bucket_is_the_day_in_a_folder(tmp_path: Path, grown: Grown) -> None:
    stored = {}
    for name in ("folder", "bucket"):
        home = lay_out(tmp_path / name / "var", DAY, DAY)
        record(home, DAY)
        if name == "bucket":
            where = grown(home.root, "a-day")
            moved = {one: getattr(where, one) for one in ("store", "s3_endpoint", "catalog")}
            home = replace(home, settings=home.settings.model_copy(update=moved))
        with home.open() as instance:
            materialise(home, instance, [DAY], people=40, seed=3)
        stored[name] = _rows(home)
    assert any(len(rows) for (dataset, _), rows in stored["folder"].items() if dataset == _EVENTS)
    for what, rows in stored["folder"].items():
        # When a file was recorded is the clock's.
        known = [name for name in rows.columns if name != "modified_at"]
        assert stored["bucket"][what].select(known).equals(rows.select(known)), what

    assert not any((home.root / name).exists() for name in ("lake", "reports", "public_reports"))
    assert any(path.suffix == ".html" for path in below(home.settings.public_reports))
    with home.open() as instance:
        inspector, dagster = SiteInspector(home.settings, home.site), Path(instance.root_directory)
        looked = [*inspector.checks(DAY, dagster, []), inspector.search(dagster)]
    assert [one for one in looked if not one.passed] == []
    objects = len(below(home.settings.lake.parent))
    assert objects > 40
    assert looked[-1].files > objects - len(below(home.settings.lake / "tracks")) * 2


_EVENTS = GATE_EVENTS.name


def _rows(home: Home) -> dict[tuple[str, str], pl.DataFrame]:
    lake = Lake(home.settings.lake, home.site)
    return {
        (contract.name, camera): lake.read(contract, CameraDay(DAY, camera))
        for contract in lake_of(home.site).values()
        for camera in home.site.camera_ids
    }
