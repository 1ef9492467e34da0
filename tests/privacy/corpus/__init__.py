"""Leaks, each alone, as an engineer who knows the code would plant them.

Belongs here: plants by kind, one module for each family of kinds. Does not belong here: the home
into which they go (`tests.privacy.finished_home`), who is asked whether they are found
(`tests.privacy.judging`).
"""

from tests.privacy.corpus import (
    archives,
    arrow_files,
    columns,
    dagster_storage,
    duckdb_files,
    number_files,
    numbers,
    pages,
    parquet_gaps,
    pictures,
    spelled,
    spread,
    sqlite_files,
    taken_apart,
    texts,
    vault,
)
from tests.privacy.corpus.plants import KINDS, PLANTS, Plant

MODULES = (
    archives,
    arrow_files,
    columns,
    dagster_storage,
    duckdb_files,
    number_files,
    numbers,
    pages,
    parquet_gaps,
    pictures,
    spelled,
    spread,
    sqlite_files,
    taken_apart,
    texts,
    vault,
)

__all__ = ["KINDS", "MODULES", "PLANTS", "Plant"]
