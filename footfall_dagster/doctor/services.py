"""Trials of what runs beside us: PostgreSQL and Dagster.

Belongs here: whether they answer, and who may do what there. Does not belong here: files
(`places`).
"""

import datetime as dt
import os
from contextlib import closing
from pathlib import Path
from typing import Any

from footfall_dagster.doctor.trial import Found, absent, broken, doubtful, well
from footfall_dagster.instance import open_instance
from footfall_dagster.runs import dead_runs
from footfall_dagster.settings import Settings


def catalog(settings: Settings) -> Found:
    """Whether PostgreSQL answers and gives a lock."""
    if settings.catalog is None:
        return absent("no FOOTFALL_CATALOG: the operating system holds the locks")
    import psycopg2

    try:
        version, user = _asked(
            settings,
            "SELECT pg_try_advisory_xact_lock(hashtextextended('doctor', 0))",
            "SELECT current_setting('server_version'), current_user",
        )
    except psycopg2.Error as failure:
        return broken(
            f"PostgreSQL does not let us in ({type(failure).__name__})",
            "see that it runs, that FOOTFALL_CATALOG names host, database and user, that this "
            "machine may reach it (pg_hba.conf), and that PGPASSWORD or PGPASSFILE is set",
        )
    return well(f"PostgreSQL {version.split()[0]}, as {user}")


def clock_of_catalog(settings: Settings) -> dict[str, dt.datetime]:
    """What time it is where PostgreSQL runs; nothing where it does not answer."""
    if settings.catalog is None:
        return {}
    import psycopg2

    try:
        (now,) = _asked(settings, "SELECT clock_timestamp()")
    except psycopg2.Error:
        return {}
    return {"PostgreSQL": now}


def _asked(settings: Settings, *queries: str) -> tuple[Any, ...]:
    """The row that the last of some queries gives, in one connection; raises `psycopg2.Error`."""
    import psycopg2

    with closing(psycopg2.connect(settings.catalog_dsn, connect_timeout=5)) as connection:
        cursor = connection.cursor()
        for query in queries:
            cursor.execute(query)
        return cursor.fetchone() or ()


def dagster(settings: Settings) -> Found:
    """Whether Dagster's storage can be read, and whether runs are dead there."""
    before = os.environ.get("DAGSTER_HOME")
    home = Path(before) if before else settings.home / "dagster"
    if not home.is_dir():
        return well(f"{home} is made by the first run")
    try:
        with open_instance(settings) as instance:
            runs = instance.get_runs_count()
            dead = dead_runs(instance)
    except Exception as failure:  # each storage has its own, of no common kind
        return broken(
            f"{home} cannot be opened ({type(failure).__name__})",
            "look at its dagster.yaml, and whether the variables that it names are set, such as "
            "DAGSTER_POSTGRES_URL; after an upgrade of Dagster run `dagster instance migrate`",
        )
    what = f"{home}, {runs} runs"
    if dead:
        return doubtful(
            f"{what}, of which {len(dead)} are dead", "start `footfall ui`: its daemon fails them"
        )
    return well(what)
