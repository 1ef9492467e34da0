"""The warehouse files: swapped whole, forgotten for good, never blocked by the dead."""

import datetime as dt
import hashlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from assets.marts.contracts import MARTS
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.of_ways import HEATMAP_HOURLY
from assets.marts.of_zones import ZONE_VISITS_HOURLY
from assets.marts.release import published, release
from footfall_dagster.locks import LockTimeoutError
from footfall_dagster.mart_tables import WarehouseError
from footfall_dagster.privacy.vouched import is_receipt, is_vouched, receipt_name
from footfall_dagster.warehouse import DuckDBWarehouse
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS

MINUTE = dt.timedelta(minutes=1)
ALL = tuple(MARTS.values())


def quiet(_line: str) -> None:
    """Progress that nobody reads."""


def day_tables(day: dt.date = DAY, entries: int = 3) -> dict[str, pl.DataFrame]:
    site_day = small_mall.site_day(day)
    noon = dt.datetime.combine(day, dt.time(12), dt.UTC)
    return small_mall.relations(
        site_day,
        {"cam_a": small_mall.coverage(site_day, (noon, noon + 60 * MINUTE))},
        {
            GATE_EVENTS.name: {"cam_a": small_mall.crossings(*[("door", noon, "in")] * entries)},
            ZONE_VISITS.name: {"cam_a": small_mall.stays(*[("shop", noon, 7)] * entries)},
            ANONYMISED_TRAJECTORIES.name: {"cam_a": small_mall.walks((noon, [(1.125, 1.125)]))},
        },
    )


def entries_of(warehouse: DuckDBWarehouse, day: dt.date = DAY, site: str = "mall") -> int | None:
    return warehouse.read_day(GATE_COUNTS_15MIN, site, day)["entries"].sum()


def dump(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        tables = connection.execute(
            "SELECT table_name FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        return {
            table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for (table,) in tables
        }


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    return DuckDBWarehouse.below(tmp_path / "warehouse")


def test_a_day_is_stored_and_read_back_by_its_contract(warehouse: DuckDBWarehouse):
    rows = warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    assert rows == {
        "gate_counts_15min": 2 * 96,
        "footfall_daily": 0,
        "floor_occupancy_15min": 0,
        "zone_visits_hourly": 2 * 24,
        "zone_dwell_distribution": 2 * 8,
        "occupancy_15min": 2 * 96,
        "queue_15min": 0,
        "heatmap_hourly": 1,
        "shopfront_capture_hourly": 0,
        "display_engagement_hourly": 0,
        "zone_flow_hourly": 0,
        "paths_daily": 0,
        "shop_pairs_daily": 0,
        "shop_affinity_weekly": 0,
        "groups_hourly": 2 * 5 * 24,
        "staff_excluded_daily": 2,
        "space_value_daily": 2,
        "data_quality_daily": 2,
        "gate_audits": 0,
        "gate_accuracy_daily": 2,
        "unicity_daily": 4 * 3,
    }
    for mart in ALL:
        frame = warehouse.read_day(mart, "mall", DAY)
        assert frame.schema == mart.schema
        assert frame.equals(frame.sort(mart.key))
    assert entries_of(warehouse) == 3


def test_materialising_again_changes_nothing(warehouse: DuckDBWarehouse):
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    first = dump(warehouse.core)
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    assert dump(warehouse.core) == first


def test_exactly_the_day_the_site_and_the_marts_asked_for_are_replaced(
    warehouse: DuckDBWarehouse,
):
    before, after = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)
    for day in (after, DAY, before):
        warehouse.replace_day("mall", day, day_tables(day), ALL, quiet)
    other = day_tables()
    other["site_day"] = other["site_day"].with_columns(site=pl.lit("kiosk"))
    warehouse.replace_day("kiosk", DAY, other, ALL, quiet)

    warehouse.replace_day("mall", DAY, day_tables(entries=8), [GATE_COUNTS_15MIN], quiet)

    assert [entries_of(warehouse, day) for day in (before, DAY, after)] == [3, 8, 3]
    assert entries_of(warehouse, site="kiosk") == 3
    assert warehouse.read_day(ZONE_VISITS_HOURLY, "mall", DAY)["visits"].sum() == 3


def test_the_order_in_which_days_are_made_does_not_matter(tmp_path: Path):
    days = [DAY + dt.timedelta(days=offset) for offset in range(3)]
    dumps = []
    for name, order in (("forth", days), ("back", days[::-1])):
        made = DuckDBWarehouse.below(tmp_path / name)
        for day in order:
            made.replace_day("mall", day, day_tables(day), ALL, quiet)
        dumps.append(dump(made.core))
    assert dumps[0] == dumps[1]


def test_days_and_files_that_were_never_made_read_as_empty(warehouse: DuckDBWarehouse):
    assert warehouse.read_day(HEATMAP_HOURLY, "mall", DAY).equals(HEATMAP_HOURLY.empty())
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    assert warehouse.read_day(HEATMAP_HOURLY, "mall", NOON.date().replace(day=1)).is_empty()


def test_a_reader_keeps_its_rows_while_the_day_is_replaced(warehouse: DuckDBWarehouse):
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    count = "SELECT sum(entries) FROM gate_counts_15min"
    script = (
        "import sys, duckdb\n"
        f"with duckdb.connect({str(warehouse.core)!r}, read_only=True) as connection:\n"
        f"    print(connection.execute({count!r}).fetchone()[0], flush=True)\n"
        "    sys.stdin.readline()\n"
        f"    print(connection.execute({count!r}).fetchone()[0], flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdin is not None
        assert reader.stdout is not None
        assert reader.stdout.readline() == "3\n"
        warehouse.replace_day("mall", DAY, day_tables(entries=9), ALL, quiet)
        reader.stdin.write("again\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "3\n"
    assert entries_of(warehouse) == 9


def test_a_killed_writer_frees_the_lock_and_its_leftovers_are_removed(warehouse: DuckDBWarehouse):
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    building = warehouse.core.with_name("core.duckdb.building-999999")
    script = (
        "import pathlib, sys, time\n"
        "from footfall_dagster.locks import locked\n"
        f"with locked(pathlib.Path({str(warehouse.core) + '.lock'!r}), timeout_s=5):\n"
        f"    pathlib.Path({str(building)!r}).write_bytes(b'half a file')\n"
        "    print('held', flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "held\n"
        impatient = DuckDBWarehouse(warehouse.core, warehouse.published, patience_s=0.2)
        with pytest.raises(LockTimeoutError, match=r"core\.duckdb\.lock"):
            impatient.replace_day("mall", DAY, day_tables(entries=5), ALL, quiet)
        os.kill(writer.pid, signal.SIGKILL)
    assert building.exists()
    impatient.replace_day("mall", DAY, day_tables(entries=5), ALL, quiet)
    assert entries_of(warehouse) == 5
    held, receipt, lock = sorted(warehouse.core.parent.iterdir())
    assert (held.name, lock.name) == ("core.duckdb", "core.duckdb.lock")
    assert is_receipt(receipt)
    assert is_vouched(held)


def test_two_writers_at_once_both_get_their_day_in(warehouse: DuckDBWarehouse):
    days = [DAY + dt.timedelta(days=offset) for offset in range(2)]
    script = (
        "import datetime as dt, sys\n"
        "from pathlib import Path\n"
        "from tests.unit.footfall_dagster.test_warehouse import ALL, DuckDBWarehouse, day_tables\n"
        "day = dt.date.fromisoformat(sys.argv[2])\n"
        "DuckDBWarehouse.below(Path(sys.argv[1])).replace_day('mall', day, day_tables(day), ALL)\n"
    )
    writers = [
        subprocess.Popen([sys.executable, "-c", script, str(warehouse.core.parent), str(day)])
        for day in days
    ]
    assert [writer.wait(120) for writer in writers] == [0] * 2
    assert [entries_of(warehouse, day) for day in days] == [3] * 2


def test_a_query_that_fails_leaves_the_file_as_it_was(
    warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch
):
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    monkeypatch.setattr("footfall_dagster.warehouse.versioned_query", lambda _: "SELECT nonsense")
    with pytest.raises(duckdb.Error, match="nonsense"):
        warehouse.replace_day("mall", DAY, day_tables(entries=9), ALL, quiet)
    assert entries_of(warehouse) == 3
    assert not list(warehouse.core.parent.glob("*building*"))


@pytest.mark.parametrize("room", [100_000, 2_000_000], ids=["for its log", "for half of it"])
def test_without_room_the_file_stays_as_it_was_and_the_next_run_finds_nothing_in_its_way(
    warehouse: DuckDBWarehouse, room: int
):
    """Of a disk that is full a process learns the same as of a file that may grow no more."""
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    before = {path.name: path.read_bytes() for path in warehouse.core.parent.iterdir()}
    script = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from tests.unit.footfall_dagster.test_warehouse import DAY, ALL, DuckDBWarehouse\n"
        "from tests.unit.footfall_dagster.test_warehouse import day_tables\n"
        "warehouse, tables = DuckDBWarehouse.below(Path(sys.argv[1])), day_tables(entries=9)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
        "warehouse.replace_day('mall', DAY, tables, ALL)\n"
    )
    writer = [sys.executable, "-c", script, str(warehouse.core.parent)]
    died = subprocess.run(writer, capture_output=True, text=True, check=False)
    assert died.returncode == 1
    told = died.stderr.splitlines()[-1]
    assert "cannot build core.duckdb anew" in told
    assert "(File too large); what was there is as it was" in told
    assert "make room for both" in told
    assert {path.name: path.read_bytes() for path in warehouse.core.parent.iterdir()} == before
    warehouse.replace_day("mall", DAY, day_tables(entries=9), ALL, quiet)
    assert entries_of(warehouse) == 9


def test_a_deleted_days_bytes_are_gone_from_the_file(warehouse: DuckDBWarehouse):
    marker = "zz_marker_gate_zz"
    tables = day_tables()
    door = pl.col("gate").replace("door", marker)
    tables |= {name: tables[name].with_columns(door) for name in ("gates", "gate_events")}
    warehouse.replace_day("mall", DAY, tables, ALL, quiet)
    assert marker.encode() in warehouse.core.read_bytes()
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    for file in warehouse.core.parent.iterdir():
        assert marker.encode() not in file.read_bytes(), file.name


def test_names_of_gates_are_data_and_never_sql(warehouse: DuckDBWarehouse):
    hostile = "'; DROP TABLE gate_counts_15min; --"
    tables = day_tables()
    door = pl.col("gate").replace("door", hostile)
    tables |= {name: tables[name].with_columns(door) for name in ("gates", "gate_events")}
    warehouse.replace_day("mall", DAY, tables, ALL, quiet)
    frame = warehouse.read_day(GATE_COUNTS_15MIN, "mall", DAY)
    assert frame.filter(pl.col("gate") == hostile)["entries"].sum() == 3


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        pytest.param(
            "ALTER TABLE heatmap_hourly DROP COLUMN visits",
            ["missing visits INTEGER", "materialise"],
            id="a column that is missing",
        ),
        pytest.param(
            "ALTER TABLE heatmap_hourly ADD COLUMN footsteps INTEGER",
            ["unknown footsteps INTEGER", "materialise"],
            id="a column nobody knows",
        ),
        pytest.param(
            "CREATE TABLE my_notes (note VARCHAR)",
            ["my_notes", "a file of your own"],
            id="a table of somebody's own, which a rebuild would lose",
        ),
    ],
)
def test_a_file_of_another_shape_is_refused_with_a_remedy(
    warehouse: DuckDBWarehouse, statement: str, words: list[str]
):
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    with duckdb.connect(str(warehouse.core)) as connection:
        connection.execute(statement)
    with pytest.raises(WarehouseError) as caught:
        warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    for word in words:
        assert word in str(caught.value)


def test_a_mart_that_is_new_gets_its_table(
    warehouse: DuckDBWarehouse,
):
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    with duckdb.connect(str(warehouse.core)) as connection:
        connection.execute("DROP TABLE heatmap_hourly")
    vouch_for(warehouse.core)
    assert warehouse.read_day(HEATMAP_HOURLY, "mall", DAY).is_empty()
    warehouse.replace_day("mall", DAY, day_tables(), [HEATMAP_HOURLY], quiet)
    assert warehouse.read_day(HEATMAP_HOURLY, "mall", DAY).height == 1


def test_a_file_open_for_writing_elsewhere_is_reported_with_a_remedy(warehouse: DuckDBWarehouse):
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    script = (
        "import sys, duckdb\n"
        f"connection = duckdb.connect({str(warehouse.core)!r})\n"
        "print('open', flush=True)\n"
        "sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        with pytest.raises(WarehouseError, match="read-only"):
            warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
        writer.communicate("close\n")


def test_what_is_waited_for_is_told(warehouse: DuckDBWarehouse, monkeypatch: pytest.MonkeyPatch):
    from footfall_dagster import locks

    clock = iter(range(0, 1000, 3))
    monkeypatch.setattr(locks.time, "monotonic", lambda: float(next(clock)))
    monkeypatch.setattr(locks.time, "sleep", lambda _s: None)
    told: list[str] = []
    ready, done = threading.Event(), threading.Event()

    def hold() -> None:
        with locks.locked(warehouse.core.with_name("core.duckdb.lock"), timeout_s=1):
            ready.set()
            done.wait(30)

    warehouse.core.parent.mkdir(exist_ok=True)
    holder = threading.Thread(target=hold)
    holder.start()
    assert ready.wait(30)
    try:
        with pytest.raises(LockTimeoutError):
            warehouse.replace_day("mall", DAY, day_tables(), ALL, told.append)
    finally:
        done.set()
        holder.join()
    assert told
    assert "core.duckdb is being written by another run" in told[0]


def test_tables_and_columns_carry_their_meaning(warehouse: DuckDBWarehouse):
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    exact = warehouse.read_day(GATE_COUNTS_15MIN, "mall", DAY)
    warehouse.note_checked(GATE_COUNTS_15MIN, "mall", DAY, exact, passed=True)
    warehouse.publish_day(
        "mall", DAY, {GATE_COUNTS_15MIN.name: release(GATE_COUNTS_15MIN, exact, 10)}, quiet
    )
    for path, label in (
        (warehouse.core, "Exact, restricted"),
        (warehouse.published, "Figures of fewer than the site's k people"),
    ):
        with duckdb.connect(str(path), read_only=True) as connection:
            (comment,) = connection.execute(
                "SELECT comment FROM duckdb_tables() WHERE table_name = 'gate_counts_15min'"
            ).fetchone() or ("",)
        assert label in comment
        assert "one gate in one quarter of an hour" in comment


def test_rows_that_changed_since_their_checks_are_not_published(warehouse: DuckDBWarehouse):
    warehouse.replace_day("mall", DAY, day_tables(entries=30), ALL, quiet)
    exact = warehouse.read_day(GATE_COUNTS_15MIN, "mall", DAY)
    released = {GATE_COUNTS_15MIN.name: release(GATE_COUNTS_15MIN, exact, 10)}
    with pytest.raises(WarehouseError, match="blocking checks"):
        warehouse.publish_day("mall", DAY, released, quiet)
    warehouse.note_checked(GATE_COUNTS_15MIN, "mall", DAY, exact, passed=True)
    warehouse.publish_day("mall", DAY, released, quiet)
    warehouse.replace_day("mall", DAY, day_tables(entries=31), ALL, quiet)
    with pytest.raises(WarehouseError, match="blocking checks"):
        warehouse.publish_day("mall", DAY, released, quiet)
    # A check that ends late tells of the rows that it saw.
    warehouse.note_checked(GATE_COUNTS_15MIN, "mall", DAY, exact, passed=True)
    with pytest.raises(WarehouseError, match="blocking checks"):
        warehouse.publish_day("mall", DAY, released, quiet)


def update(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE gate_counts_15min SET entries = entries + 1")


def update_in_the_log(path: Path) -> None:
    """As a program that was killed before it wrote its changes into the file."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("UPDATE gate_counts_15min SET entries = entries + 1")
    assert is_vouched(path)


@pytest.mark.parametrize("change", [update, update_in_the_log])
def test_a_file_that_somebody_changed_is_neither_read_nor_copied(
    warehouse: DuckDBWarehouse, change: Callable[[Path], None]
):
    warehouse.replace_day("mall", DAY, day_tables(), ALL, quiet)
    change(warehouse.core)
    with pytest.raises(WarehouseError, match="was changed since it was written"):
        entries_of(warehouse)
    with pytest.raises(WarehouseError, match="was changed since it was written"):
        warehouse.replace_day("mall", DAY + dt.timedelta(1), day_tables(), ALL, quiet)
    with pytest.raises(WarehouseError, match="was changed since it was written"):
        warehouse.forget("mall", [DAY + dt.timedelta(1)], quiet)


def vouch_for(path: Path) -> None:
    """Forge a receipt, as whoever may write the folder can."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_name(receipt_name(path.name, digest)).touch()


def test_published_rows_are_swapped_in_like_core_rows(warehouse: DuckDBWarehouse):
    warehouse.replace_day("mall", DAY, day_tables(entries=30), ALL, quiet)
    exact = {mart.name: warehouse.read_day(mart, "mall", DAY) for mart in ALL}
    for mart in ALL:
        warehouse.note_checked(mart, "mall", DAY, exact[mart.name], passed=True)
    for _ in range(2):
        rows = warehouse.publish_day(
            "mall",
            DAY,
            {name: release(MARTS[name], frame, 10) for name, frame in exact.items()},
            quiet,
        )
    assert rows["gate_counts_15min"] == 2 * 96
    assert rows["heatmap_hourly"] == 0
    contract = published(GATE_COUNTS_15MIN)
    frame = warehouse.read_published_day(contract, "mall", DAY)
    assert frame.schema == contract.schema
    assert frame["entries"].sum() == 30
