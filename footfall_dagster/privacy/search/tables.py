"""Parquet and Arrow files: their columns, what their schema says, and bytes that no column owns.

Belongs here: reading the two formats. Does not belong here: judging columns (`columns`).
"""

from collections.abc import Callable, Iterator
from typing import Any

from footfall_dagster.privacy.search import pictures, raw_bytes
from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.columns import Table, names_of

Examine = Callable[[bytes, str], None]
GAP = "bytes that no column owns"
_BATCH = 65_536
_LEAST_GAP = 8


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
        )
        metadata = file.metadata
        for gap_place, gap, allowed in _gaps(content, metadata):
            if not allowed:
                account.find(f"{place} > {gap_place}", GAP, 0.5)
            examine(gap, f"{place} > {gap_place}")
        for key, value in (metadata.metadata or {}).items():
            examine(key, f"{place} > key-values")
            examine(value, f"{place} > key-values")
        for words in names_of(file.schema_arrow):
            examine(words, f"{place} > schema")
        _look_at_footer(content, f"{place} > footer", account)
        table = Table(place, account, examine)
        for batch in file.iter_batches(_BATCH):
            table.add(batch)
        table.close()
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError):
        account.miss(place)


def open_arrow(content: bytes, place: str, account: Account, examine: Examine) -> None:
    """An IPC file or stream."""
    import pyarrow as pa

    place = f"{place} > arrow"
    table = None
    try:
        for schema, batch in _batches(content):
            if table is None:
                table = Table(place, account, examine)
                for words in names_of(schema):
                    examine(words, f"{place} > schema")
            if batch is not None:
                table.add(batch)
    except (pa.ArrowException, OSError, ValueError, MemoryError):
        account.miss(place)
    if table is not None:
        table.close()


def _batches(content: bytes) -> Iterator[tuple[Any, Any]]:
    import pyarrow as pa

    if content.startswith(b"ARROW1"):
        with pa.ipc.open_file(pa.BufferReader(content)) as reader:
            yield reader.schema, None
            for number in range(reader.num_record_batches):
                yield reader.schema, reader.get_batch(number)
        return
    with pa.ipc.open_stream(pa.BufferReader(content)) as reader:
        yield reader.schema, None
        for batch in reader:
            yield reader.schema, batch


def _look_at_footer(content: bytes, place: str, account: Account) -> None:
    """Pictures and floats in what is packed too tightly for finer signs: offsets, sizes, types."""
    length = int.from_bytes(content[-8:-4], "little")
    footer = content[-8 - length : -8]
    for kind, (start, sure) in pictures.look(footer).items():
        account.find(f"{place} > byte {start}", kind, sure)
    for kind, sure in raw_bytes.look(footer, sealed=False, only_floats=True).items():
        account.find(f"{place} > bytes", kind, sure)


def _gaps(content: bytes, metadata: Any) -> Iterator[tuple[str, bytes, bool]]:
    """Bytes between magic, column chunks and footer; and whether they may be an index of pages."""
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
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    end = 0
    owned.append((footer, len(content)))
    for number, (start, stop) in enumerate(sorted(owned)):
        gap = content[end:start]
        # Polars repeats what the footer says of a column behind that column.
        gap = b"" if gap in content[footer:] else gap
        last = start == footer
        # An index of pages lies behind the last column: a few dozen bytes for each.
        allowed = 400 * metadata.num_columns * metadata.num_row_groups if indexed and last else 0
        if len(gap) >= _LEAST_GAP:
            yield f"gap {number}", gap, len(gap) <= allowed
        end = max(end, stop)
