"""The audit of a small home: nothing on a clean one, and each kind of stranger by itself.

The home has two cameras of the small mall, its marts, released marts and a page; the runs of a real
instance are audited in the integration tests.
"""

import datetime as dt
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets.marts.contracts import MARTS
from assets.marts.release import release
from assets.reports import public
from assets.reports.day import render
from footfall_dagster.checks import data_docs as docs_page
from footfall_dagster.checks.mart_rules import rules
from footfall_dagster.checks.validation import validation
from footfall_dagster.lake import CameraDay, Lake
from footfall_dagster.listing import Tree
from footfall_dagster.privacy import closed_list, closed_list_marts, vouched
from footfall_dagster.privacy.closed_list import audit
from footfall_dagster.privacy.findings import Evidence
from footfall_dagster.privacy.ledger import PUBLIC_REPORTS
from footfall_dagster.privacy.purge import forget_at_once
from footfall_dagster.report_store import report_stores
from footfall_dagster.resources import data_docs, report_store, warehouse
from footfall_dagster.settings import Settings
from footfall_dagster.store import StorePath
from tests.unit import small_mall
from tests.unit.odd_places import close
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, LAKE, ZONE_VISITS
from vision.contracts_ingest import COVERAGE

SITE = small_mall.furnished(small_mall.site())
HOUR = dt.timedelta(hours=1)
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4


def settings_of(home: Path) -> Settings:
    return Settings(site=home, home=home, recordings=home / "recordings")


def audited(home: Path) -> Evidence:
    return audit(settings_of(home), SITE, home / "dagster")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    settings = settings_of(home)
    site_day = SITE.on(DAY)
    day = CameraDay(DAY, "cam_a")
    lake = Lake(settings.lake, SITE)
    frames = {
        COVERAGE.name: small_mall.coverage(site_day, (NOON, NOON + HOUR)),
        GATE_EVENTS.name: small_mall.crossings(*[("door", NOON, "in")] * 12),
        ZONE_VISITS.name: small_mall.stays(("shop", NOON, 60)),
        ANONYMISED_TRAJECTORIES.name: small_mall.walks((NOON, [(1.125, 1.125), (1.375, 1.125)])),
    }
    for contract in LAKE.values():
        lake.write(contract, day, frames.get(contract.name, contract.empty()))
    events = {name: {"cam_a": frame} for name, frame in frames.items() if name != COVERAGE.name}
    coverage = {"cam_a": frames[COVERAGE.name]}
    stored = warehouse(settings)
    stored.replace_day(
        "mall", DAY, small_mall.relations(site_day, coverage, events), list(MARTS.values())
    )
    exact = {name: stored.read_day(mart, "mall", DAY) for name, mart in MARTS.items()}
    for mart in MARTS.values():
        stored.note_checked(mart, "mall", DAY, exact[mart.name], passed=True)
    stored.publish_day(
        "mall", DAY, {name: release(MARTS[name], rows, 10) for name, rows in exact.items()}
    )
    report_store(settings, SITE).write(DAY, render(site_day, exact, coverage))
    tables = small_mall.relations(site_day, coverage, events)
    suites = [
        validation(name, rows, rules(MARTS[name], site_day, tables)) for name, rows in exact.items()
    ]
    data_docs(settings, SITE).write(DAY, docs_page.render(site_day, suites))
    released = {
        name: stored.read_published_day(mart, "mall", DAY) for name, mart in public.RELEASED.items()
    }
    shown = report_stores(settings, SITE.id)[PUBLIC_REPORTS]
    shown.write(DAY, public.render(site_day, released))
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "home")
    return tmp_path / "home"


def left_of_the_wall(home: Path) -> int:
    """Files that are looked at by name only, with the receipts of all partitions."""
    lake = [path for path in (home / "lake").rglob("*") if path.is_file()]
    personal = [
        path for path in lake if path.parts[len(home.parts) + 1] in {"detections", "tracks"}
    ]
    return sum(path.suffix == ".json" or path in personal for path in lake)


def test_a_clean_home_passes_and_everything_in_it_was_looked_at(home: Path) -> None:
    evidence = audited(home)
    assert (evidence.findings, evidence.unread) == ((), ())
    assert evidence.files == sum(path.is_file() for path in home.rglob("*")) - left_of_the_wall(
        home
    )
    assert evidence.rows > 1000


def partition(home: Path, dataset: str) -> Path:
    return Lake(home / "lake", SITE).folder(dataset, CameraDay(DAY, "cam_a"))


def put(path: Path, content: bytes = JPEG) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def in_core(home: Path, statement: str, *, with_receipt: bool = True) -> None:
    core = home / "warehouse" / "core.duckdb"
    with duckdb.connect(str(core)) as connection:
        connection.execute(statement)
    if with_receipt:
        again = core.with_name("again")
        core.rename(again)
        vouched.place(again, core)


def on_page(home: Path, html: str, folder: str = "reports") -> None:
    page = home / folder / "site=mall" / f"{DAY}.html"
    changed = page.with_name("changed")
    changed.write_text(page.read_text().replace("</body>", f"{html}</body>"))
    vouched.place(changed, page)


def sparse(path: Path) -> None:
    put(path, b"")
    with path.open("r+b") as file:
        file.truncate(100 * 2**30)


def pipe(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)


def in_a_database(home: Path) -> None:
    path = home / "dagster" / "history" / "runs.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE cache (vector BLOB)")
        connection.commit()


PLANTS: dict[str, Callable[[Path], None]] = {
    "a picture beside a partition": lambda home: put(partition(home, "gate_events") / "a.jpg"),
    "a picture above a partition": lambda home: put(home / "lake/gate_events/site=mall/a.jpg"),
    "a dataset that nobody knows": lambda home: put(home / "lake/faces/site=mall/part.parquet"),
    "a camera that nobody knows": lambda home: put(
        partition(home, "tracks").with_name("camera=other") / "part.parquet"
    ),
    "a picture left of the wall": lambda home: put(partition(home, "tracks") / "a.jpg"),
    "what waits for an admission that never came": lambda home: put(home / "lake/_pending/a"),
    "a changed partition": lambda home: put(partition(home, "coverage") / "part.parquet"),
    "a hundred gigabytes of nothing": lambda home: sparse(partition(home, "tracks") / "big"),
    "a hundred gigabytes in place of a page": lambda home: sparse(
        home / f"reports/site=mall/{DAY}.html"
    ),
    "a pipe beside a partition": lambda home: pipe(partition(home, "tracks") / "a"),
    "a pipe in place of a partition": lambda home: pipe(
        partition(home, "tracks").with_name("camera=cam_b") / "part.parquet"
    ),
    "a pipe in place of a receipt of a purge": lambda home: pipe(
        home / f"lake/_purged/tracks/site=mall/date={DAY}/camera=cam_a/20260320T000000Z.json"
    ),
    "a pipe in DAGSTER_HOME": lambda home: pipe(home / "dagster/history/runs.db"),
    "JSON ten thousand deep": lambda home: put(
        partition(home, "tracks") / f"{'a' * 64}.receipt.json", b"[" * 10_000
    ),
    "a file in the vault": lambda home: put(home / "vault/a"),
    "a file beside the warehouse": lambda home: put(home / "warehouse/core.duckdb.wal"),
    "a verdict on rows that are not there": lambda home: put(
        home / f"warehouse/checked/site=mall/{DAY}.gate_counts_15min.{'a' * 64}.receipt", b""
    ),
    "rows deleted past the product": lambda home: in_core(
        home, "DELETE FROM gate_counts_15min", with_receipt=False
    ),
    "a view": lambda home: in_core(home, "CREATE VIEW v AS SELECT [0.1, 0.2, 0.3]"),
    "a comment": lambda home: in_core(home, "COMMENT ON TABLE gate_counts_15min IS 'x'"),
    "a macro": lambda home: in_core(home, "CREATE MACRO m() AS 'x'"),
    "a type": lambda home: in_core(home, "CREATE TYPE t AS ENUM ('x')"),
    "a table": lambda home: in_core(home, "CREATE TABLE t AS SELECT [1, 2, 3] AS vector"),
    "a schema": lambda home: in_core(home, "CREATE SCHEMA s"),
    "a count that is no gate's": lambda home: in_core(
        home, "UPDATE gate_counts_15min SET gate = 'other' WHERE gate = 'door'"
    ),
    "low bits of a share": lambda home: in_core(
        home, "UPDATE gate_counts_15min SET observed_share = observed_share + 1e-9"
    ),
    "a share that its minutes do not give": lambda home: in_core(
        home, "UPDATE gate_counts_15min SET observed_share = 0.5"
    ),
    "figures where nothing was observed": lambda home: in_core(
        home, "UPDATE gate_counts_15min SET entries = 7 WHERE observed_minutes = 0"
    ),
    "a clock that the site does not have": lambda home: in_core(
        home, "UPDATE gate_counts_15min SET local_start = local_start + INTERVAL 7 SECOND"
    ),
    "rows in an order of their own": lambda home: in_core(
        home,
        "CREATE TABLE t AS SELECT * FROM gate_counts_15min ORDER BY gate DESC, interval_start; "
        "DELETE FROM gate_counts_15min; INSERT INTO gate_counts_15min SELECT * FROM t; "
        "DROP TABLE t",
    ),
    "a page without its receipt": lambda home: put(home / "reports/site=mall/2026-01-02.html"),
    "Data Docs that were changed": lambda home: put(
        home / f"data_docs/site=mall/{DAY}.html", b"<p>All rules hold"
    ),
    "Data Docs without their receipt": lambda home: put(
        home / "data_docs/site=mall/2026-01-02.html"
    ),
    "a script in Data Docs": lambda home: on_page(home, "<script></script>", "data_docs"),
    "a file beside Data Docs": lambda home: put(home / "data_docs/great_expectations.yml"),
    "a public page that is none of ours": lambda home: put(
        home / "public_reports/site=mall/2026-01-02.html"
    ),
    "a picture on a page": lambda home: on_page(home, "<img src='data:image/png;base64,AAAA'>"),
    "a comment on a page": lambda home: on_page(home, "<!-- vector -->"),
    "a row of figures on a page": lambda home: on_page(home, "<p>" + "0.25 0.5 " * 20 + "</p>"),
    "a drawing with a text in it": lambda home: on_page(
        home, f"<svg xmlns='http://www.w3.org/2000/svg'><desc>{JPEG.hex()}</desc></svg>"
    ),
    "a pickle in Dagster's storage": lambda home: put(home / "dagster/storage/result"),
    "a vector that a run printed": lambda home: put(
        home / "dagster/storage/78a9fb7b-d73f-4e57-9781-5d72001c9918/compute_logs/a.out",
        "\n".join(f"{n / 7:.5f}" for n in range(128)).encode(),
    ),
    "a table in Dagster's database": in_a_database,
    "a database that is none": lambda home: put(home / "dagster/history/runs.db"),
}


@pytest.mark.parametrize("plant", PLANTS)
def test_one_thing_more_is_found(plant: str, home: Path) -> None:
    PLANTS[plant](home)
    evidence = audited(home)
    assert not evidence.passed
    told = " ".join(f"{one.file} {one.place}" for one in (*evidence.findings, *evidence.unread))
    assert JPEG.hex()[:40] not in told
    assert "0.14286" not in told


def made_again(home: Path) -> None:
    events = small_mall.crossings(*[("door", NOON, "out")] * 7)
    Lake(home / "lake", SITE).write(GATE_EVENTS, CameraDay(DAY, "cam_a"), events)


def deleted(home: Path) -> None:
    lake, now = Lake(home / "lake", SITE), dt.datetime.now(dt.UTC)
    forget_at_once(lake, ZONE_VISITS, CameraDay(DAY, "cam_a"), "events_months=12", now)


def drawn_again(home: Path) -> None:
    store = report_store(settings_of(home), SITE)
    store.write(DAY, store.page(DAY).read_text().replace("</body>", "<p>again</p></body>"))


MEANWHILE: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a camera-day is made again": ("lake", made_again),
    "a partition is past its retention": ("lake", deleted),
    "a page is drawn again": ("reports", drawn_again),
    "a page is deleted": (
        "reports",
        lambda home: report_store(settings_of(home), SITE).delete(DAY),
    ),
}


@pytest.mark.parametrize("what", MEANWHILE)
def test_what_is_written_while_the_audit_goes_on_is_no_finding(
    what: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, change = MEANWHILE[what]
    evidence = overtaken(home, folder, change, monkeypatch)
    assert (evidence.findings, evidence.unread) == ((), ())


def overtaken(
    home: Path, folder: str, change: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> Evidence:
    """What the audit shows where something changes just after a folder was listed."""
    changed: list[StorePath] = []

    class Overtaken(Tree):
        def __init__(self, root: StorePath) -> None:
            super().__init__(root)
            if root == home / folder:
                changed.append(root)
                change(home)

    monkeypatch.setattr(closed_list, "Tree", Overtaken)
    evidence = audited(home)
    assert changed == [home / folder]
    return evidence


FOR_A_MOMENT = {
    "what is to be admitted": "lake/_pending/a",
    "a note of a refusal": "lake/_purged/.0123.tmp",
    "a list of days": "warehouse/withdrawn/.0123.tmp",
    "a draw": "warehouse/noise/site=mall/.0123.tmp",
    "a building file": "warehouse/core.duckdb.building-7",
    "a record": "privacy/records/site=mall/.pending-0123",
    "traits": "vault/0123",
}


@pytest.mark.parametrize("what", FOR_A_MOMENT)
def test_what_a_writer_keeps_for_a_moment_is_no_finding(
    what: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = home / FOR_A_MOMENT[what]
    put(path)
    if path.name.startswith("core.duckdb."):
        # What lies beside the marts is listed when its turn comes: it goes while they are read.
        read = closed_list_marts._file

        def reading(*told: Any) -> None:
            path.unlink(missing_ok=True)
            read(*told)

        monkeypatch.setattr(closed_list_marts, "_file", reading)
        evidence = audited(home)
    else:
        folder = FOR_A_MOMENT[what].split("/")[0]
        evidence = overtaken(home, folder, lambda _: path.unlink(), monkeypatch)
    assert (evidence.findings, evidence.unread) == ((), ())


@pytest.mark.parametrize(
    ("folder", "before", "after"),
    [
        ("lake", "gate_events/site=mall/a", "gate_events/site=mall/b"),
        ("lake", "faces/a", "more/a"),
        ("lake", "_purged/a", "_purged/b"),
        ("reports", "site=mall/a", "site=mall/b"),
    ],
)
def test_a_stranger_that_gets_another_name_meanwhile_is_found(
    folder: str, before: str, after: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home / folder / before)

    def renamed(_: Path) -> None:
        (home / folder / after).parent.mkdir(exist_ok=True)
        (home / folder / before).rename(home / folder / after)
        if after.startswith("more"):
            (home / folder / before).parent.rmdir()

    evidence = overtaken(home, folder, renamed, monkeypatch)
    assert [one.place for one in evidence.findings] == ["the whole file"]


def test_a_known_folder_that_may_not_be_listed_is_no_pass(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    close(monkeypatch, partition(home, "gate_events").parent)
    evidence = audited(home)
    assert evidence.findings == ()
    assert [(one.file, one.place) for one in evidence.unread] == [
        (f"lake/gate_events/site=mall/date={DAY}", "the folder")
    ]


@pytest.mark.parametrize("refused", ["Tree", "_attributes"])
def test_a_list_that_is_refused_takes_nothing_back(
    refused: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home / "lake/gate_events/site=mall/a.jpg")
    put(home / "vault/a")
    ask = getattr(closed_list, refused)

    def refusing(*told: Any) -> Any:
        tree = told[-1]
        if (tree.root if isinstance(tree, Tree) else tree) == home / "reports":
            raise PermissionError(13, "Permission denied")
        return ask(*told)

    monkeypatch.setattr(closed_list, refused, refusing)
    evidence = audited(home)
    assert len(evidence.findings) == 2
    assert [(one.file, one.place) for one in evidence.unread] == [("reports", "the rest of it")]
