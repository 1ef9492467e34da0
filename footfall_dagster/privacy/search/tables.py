"""Parquet and Arrow files: their columns, what their schema says, and bytes that no column owns.

Belongs here: reading the two formats. Does not belong here: judging columns (`columns`).
"""

import io
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from footfall_dagster.privacy.search import pictures, raw_bytes
from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.columns import Table, names_of

if TYPE_CHECKING:
    import pyarrow as pa

Examine = Callable[[bytes, str], None]
GAP = "bytes that no column owns"
_BATCH = 65_536
_LEAST_GAP = 8
_LEAST_FILTER, _MOST_OF_FILTER = 64, 4
"""Bytes of a Bloom filter with its header, and more for each value: the next power of two."""


def open_parquet(content: bytes, place: str, account: Account, examine: Examine) -> None:
    """Columns, key-values, and the gaps before, between and behind them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    place = f"{place} > parquet"
    try:
        file = pq.ParquetFile(
            pa.BufferReader(content),
            thrift_string_size_limit=2**26,
            thrift_container_size_limit=2**20,
            # So that words which stand in a dictionary and in no row are seen as well.
            read_dictionary=_worded(content),
        )
        metadata = file.metadata
        for gap_place, gap, allowed in _gaps(content, metadata):
            if allowed:
                # Packed as tightly as the footer.
                _look_at_packed(gap, f"{place} > {gap_place}", account)
            else:
                account.find(f"{place} > {gap_place}", GAP, 0.5)
                examine(gap, f"{place} > {gap_place}")
        usual = _as_polars_says(file.schema.to_arrow_schema())
        for key, value in (metadata.metadata or {}).items():
            if (key, value) != usual:
                examine(key, f"{place} > key-values")
                examine(value, f"{place} > key-values")
        for words in (str(metadata.created_by).encode(), *names_of(file.schema_arrow)):
            examine(words, f"{place} > schema")
        footer = content[-8 - int.from_bytes(content[-8:-4], "little") : -8]
        _look_at_packed(footer, f"{place} > footer", account, read=True)
        table = Table(place, account, examine)
        for batch in file.iter_batches(_BATCH):
            table.add(batch)
        table.close()
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError):
        account.miss(place)


def _as_polars_says(schema: "pa.Schema") -> tuple[bytes, bytes] | None:
    """The entry in which Polars repeats a file's columns; what differs from it holds something.

    It is binary, and the more columns there are the more it looks like something else.
    """
    import polars as pl
    import pyarrow.parquet as pq

    try:
        columns = pl.from_arrow(schema.remove_metadata().empty_table())
        buffer = io.BytesIO()
        pl.DataFrame(columns).write_parquet(buffer)
        return next(iter((pq.read_metadata(buffer).metadata or {}).items()), None)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, TypeError, ValueError):
        return None


def open_arrow(content: bytes, place: str, account: Account, examine: Examine) -> None:
    """An IPC file or stream, what its messages say beside their rows, and what follows it."""
    import pyarrow as pa

    place = f"{place} > arrow"
    table = None
    try:
        for schema, batch, words in _batches(content):
            if table is None:
                table = Table(place, account, examine, under_nulls=True)
                for one in names_of(schema):
                    examine(one, f"{place} > schema")
            for key, value in (words or {}).items():
                examine(key, f"{place} > words of a batch")
                examine(value, f"{place} > words of a batch")
            if batch is not None:
                table.add(batch)
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        account.miss(place)
    if table is not None:
        table.close()
    if not content.startswith(b"ARROW1"):
        examine(content[_end_of_stream(content) :], f"{place} > after the stream")


def _batches(content: bytes) -> Iterator[tuple[Any, Any, Any]]:
    import pyarrow as pa

    if content.startswith(b"ARROW1"):
        with pa.ipc.open_file(pa.BufferReader(content)) as reader:
            yield reader.schema, None, reader.metadata
            for number in range(reader.num_record_batches):
                yield reader.schema, *reader.get_batch_with_custom_metadata(number)
        return
    with pa.ipc.open_stream(pa.BufferReader(content)) as reader:
        yield reader.schema, None, None
        while True:
            try:
                batch, words = reader.read_next_batch_with_custom_metadata()
            except StopIteration:
                return
            yield reader.schema, batch, words


def _end_of_stream(content: bytes) -> int:
    """Where the mark stands with which a stream ends."""
    end = content.rfind(b"\xff\xff\xff\xff\0\0\0\0")
    return end + 8 if end >= 0 else len(content)


def _worded(content: bytes) -> list[str]:
    """Columns of words and bytes that are no part of another."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(pa.BufferReader(content))
    return [one.name for one in schema if pa.types.is_string(one.type) or _is_binary(one.type)]


def _is_binary(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_string(kind))


def _look_at_packed(content: bytes, place: str, account: Account, *, read: bool = False) -> None:
    """Pictures and floats in what is packed too tightly for finer signs: offsets, sizes, types."""
    for kind, (start, sure) in pictures.look(content, read=read).items():
        account.find(f"{place} > byte {start}", kind, sure)
    for kind, sure in raw_bytes.look(content, sealed=False, only_floats=True).items():
        account.find(f"{place} > bytes", kind, sure)


def _gaps(content: bytes, metadata: Any) -> Iterator[tuple[str, bytes, bool]]:
    """Bytes between magic, column chunks and footer, which an index of pages or a filter may be.

    With each, whether it is no larger than such a thing of its columns.
    """
    owned = [(0, 4)] if content.startswith(b"PAR1") else []
    indexed = False
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(number)
            start = chunk.data_page_offset
            if chunk.has_dictionary_page and chunk.dictionary_page_offset:
                start = min(start, chunk.dictionary_page_offset)
            owned.append((start, start + chunk.total_compressed_size))
            indexed |= bool(chunk.has_column_index or chunk.has_offset_index)
            # DuckDB writes a Bloom filter of each column that has a dictionary.
            begin, length = chunk.bloom_filter_offset, chunk.bloom_filter_length
            if begin and length:
                owned.append((begin, begin + length))
                allowed = length <= _LEAST_FILTER + _MOST_OF_FILTER * chunk.num_values
                told = f"filter of column {number} in row group {group}"
                yield told, content[begin : begin + length], allowed
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    end = 0
    owned.append((footer, len(content)))
    for number, (start, stop) in enumerate(sorted(owned)):
        gap = content[end:start]
        # Polars repeats what the footer says of a column behind that column.
        gap = b"" if gap in content[footer:] else gap
        last = start == footer
        # An index of pages lies behind the last column: a few dozen bytes for each.
        most = 400 * metadata.num_columns * metadata.num_row_groups if indexed and last else 0
        if len(gap) >= _LEAST_GAP:
            yield f"gap {number}", gap, len(gap) <= most
        end = max(end, stop)
