"""A published file of the small mall, and `footfall export` on it."""

import datetime as dt
from pathlib import Path

import duckdb
import polars as pl
from click.testing import CliRunner, Result

from assets.marts.contracts import GATE_COUNTS_15MIN, MARTS
from assets.marts.release import NOTE, published, release
from assets.marts.schema import MartContract
from footfall_dagster import mart_files, mart_tables
from footfall_dagster.cli import main
from footfall_dagster.resources import warehouse
from footfall_dagster.settings import Settings
from tests.unit import small_mall
from tests.unit.small_mall import DAY, NOON
from tests.unit.vision.site_directory import FILES
from tests.unit.vision.site_directory import write as write_site
from vision.contracts import ANONYMISED_TRAJECTORIES, GATE_EVENTS, ZONE_VISITS
from vision.site.models import Site

NEXT_DAY = DAY + dt.timedelta(days=1)
CONTRACTS = {name: published(mart) for name, mart in MARTS.items()}
NAMES = sorted(
    [f"mall-{mart}.{ending}" for mart in MARTS for ending in ("csv", "parquet")]
    + ["mall-footfall.xlsx"]
)
"""Of all files that the mall can have."""


def publish(settings: Settings, site: Site, day: dt.date) -> None:
    """A day on which 30 came in through the door, 5 went out and 30 stayed in the shop."""
    site_day, noon = site.on(day), NOON + (day - DAY)
    tables = small_mall.relations(
        site_day,
        {"cam_a": small_mall.coverage(site_day, (noon, noon + dt.timedelta(minutes=15)))},
        {
            GATE_EVENTS.name: {
                "cam_a": small_mall.crossings(
                    *[("door", noon, "in")] * 30, *[("door", noon, "out")] * 5
                )
            },
            ZONE_VISITS.name: {"cam_a": small_mall.stays(*[("shop", noon, 70)] * 30)},
            ANONYMISED_TRAJECTORIES.name: {
                "cam_a": small_mall.walks(*[(noon, [(1.125, 1.125)] * 3)] * 30)
            },
        },
    )
    publish_tables(settings, site, day, tables)


def publish_tables(
    settings: Settings, site: Site, day: dt.date, tables: dict[str, pl.DataFrame]
) -> None:
    """A day of which these are the relations, with what is small blanked and nothing besides."""
    exact = make_tables(settings, site, day, tables)
    released = {name: release(MARTS[name], rows, 10) for name, rows in exact.items()}
    warehouse(settings).publish_day(site.id, day, released, lambda _line: None)


def make_tables(
    settings: Settings, site: Site, day: dt.date, tables: dict[str, pl.DataFrame]
) -> dict[str, pl.DataFrame]:
    """Core marts of a day of which these are the relations, as if their checks had passed."""
    made = warehouse(settings)
    made.replace_day(site.id, day, tables, tuple(MARTS.values()), lambda _line: None)
    exact = made.read_days(list(MARTS.values()), site.id, [day])
    for name, rows in exact.items():
        made.note_checked(MARTS[name], site.id, day, rows, passed=True)
    return exact


def renamed(site: Site, id_: str) -> Site:
    return site.model_copy(update={"file": site.file.model_copy(update={"id": id_})})


def site_folder(folder: Path, name: str = "Small Mall") -> Path:
    """A site directory of the id under which the days are published."""
    folder.mkdir(parents=True)
    text = (
        FILES["site.yaml"].replace("id: arcade", "id: mall").replace("Test Arcade\n", name + "\n")
    )
    return write_site(folder, site=text)


def two_sites(root: Path) -> Settings:
    """Two days of the mall and one of another site, published."""
    settings = Settings(home=root / "home", site=site_folder(root / "site"))
    mall = small_mall.site()
    for site, day in ((mall, DAY), (mall, NEXT_DAY), (renamed(mall, "other"), DAY)):
        publish(settings, site, day)
    return settings


def export(settings: Settings, *arguments: object, **variables: str) -> Result:
    """The command, with the settings in its environment and `variables` besides."""
    named = {"FOOTFALL_HOME": str(settings.home), "FOOTFALL_SITE": str(settings.site)}
    # What other tests have set is not meant.
    clean = {"DAGSTER_HOME": "", "FOOTFALL_RECORDINGS": "", "COLUMNS": "200"}
    runner = CliRunner(env=clean | named | variables)
    return runner.invoke(main, ["export", *map(str, arguments)])


def stored(settings: Settings, mart: str, *days: dt.date) -> pl.DataFrame:
    """The published rows of the mall, as the warehouse reads them."""
    made = warehouse(settings)
    contract = CONTRACTS[mart]
    return pl.concat(
        made.read_published_day(contract, "mall", day) for day in days or (DAY, NEXT_DAY)
    )


def crowded(home: Path, rows: int) -> Settings:
    """A published file with gate counts of so many rows on one day, which nobody counted."""
    settings = Settings(home=home, site=site_folder(home.parent / f"site_of_{home.name}"))
    path = warehouse(settings).published
    values = {
        "trading_day": f"DATE '{DAY}'",
        "site": "'mall'",
        "interval_start": f"TIMESTAMPTZ '{DAY} 00:00:00Z' + to_seconds(range)",
    }
    by_type = {
        "VARCHAR": "'door'",
        "INTEGER": "range::INTEGER",
        "DOUBLE": "range / 8",
        "BOOLEAN": "range % 2 = 0",
        "TIMESTAMP": f"TIMESTAMP '{DAY}' + to_seconds(range)",
    }

    def fill(connection: duckdb.DuckDBPyConnection, mart: MartContract) -> None:
        columns = ", ".join(
            f"{values.get(column.name) or by_type[column.duckdb_type]} AS {column.name}"
            for column in mart.columns
        )
        mart_tables.insert(connection, mart, f"SELECT {columns} FROM range({rows})")

    mart_files.rebuild(
        path,
        lambda building: mart_files.build_day(
            building,
            path,
            list(CONTRACTS.values()),
            NOTE,
            "mall",
            DAY,
            [GATE_COUNTS_15MIN.name],
            fill,
        ),
        lambda _line: None,
        10,
    )
    return settings
