"""A mart as a Parquet file and as a CSV.

Belongs here: types, texts and metadata of the two. Does not belong here: which rows there are
(`footfall_dagster.published_files.chosen`), or where the files go (`...published_files.folder`).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.marts.schema import MartContract
from footfall_dagster.published_files.chosen import Write
from vision.contract_terms import INSTANT

if TYPE_CHECKING:
    import pyarrow as pa

_PREFIX = "footfall."
# Whole seconds have no fraction; the rest has three, six or nine digits.
_LOCAL = "%Y-%m-%dT%H:%M:%S%.f"


@contextmanager
def parquet_file(path: Path, mart: MartContract, told: Mapping[str, str]) -> Iterator[Write]:
    """A Parquet file that is being written; NULL, types and UTC are as in the contract.

    Args:
        path: Of the file.
        mart: Whose rows it gets; description and unit of each column go with them.
        told: Stands in the file's own metadata, each name behind `footfall.`.
    """
    import pyarrow.parquet as pq

    schema = _arrow_schema(mart, told)
    # A file of Python's, so that a full disk is the operating system's own error.
    with path.open("wb") as file, pq.ParquetWriter(file, schema, compression="zstd") as parquet:
        yield lambda rows: parquet.write_table(_arrow(rows).cast(schema))


@contextmanager
def csv_file(path: Path, mart: MartContract) -> Iterator[Write]:
    """A CSV that is being written, after RFC 4180, in UTF-8, with a header.

    Times are ISO 8601, in UTC with a Z; NULL is an empty field.
    """
    with path.open("wb") as file:
        file.write(_lines(mart.empty(), header=True))

        def write(rows: pl.DataFrame) -> None:
            file.write(_lines(rows, header=False))

        yield write


def _lines(rows: pl.DataFrame, *, header: bool) -> bytes:
    texts = rows.with_columns(
        pl.col(pl.Boolean, pl.Date).cast(pl.String),
        *(
            pl.col(name).dt.strftime(_LOCAL + ("Z" if dtype == INSTANT else "")).alias(name)
            for name, dtype in rows.schema.items()
            if dtype.base_type() is pl.Datetime
        ),
    )
    return texts.write_csv(include_header=header, line_terminator="\r\n").encode()


def _arrow(rows: pl.DataFrame) -> "pa.Table":
    # Views of strings are younger than many readers.
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


def _arrow_schema(mart: MartContract, told: Mapping[str, str]) -> "pa.Schema":
    import pyarrow as pa

    types = _arrow(mart.empty()).schema
    fields = [
        pa.field(
            column.name,
            types.field(column.name).type,
            nullable=column.nullable,
            metadata={"description": column.description, "unit": column.unit},
        )
        for column in mart.columns
    ]
    return pa.schema(fields, metadata={_PREFIX + name: text for name, text in told.items()})
