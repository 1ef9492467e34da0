"""Blocks of a DuckDB file that nothing uses, bytes behind its last block, rows that were deleted.

Belongs here: comparing what a file says of itself with what its tables hold. Does not belong here:
what rows may hold (`closed_list_marts`), looking into bytes (`footfall_dagster.privacy.search`).

A file that was built at one go has none of this: every block belongs to a table or to the
catalogue, and every stored row is one that a reader sees.
"""

from collections.abc import Iterator
from typing import Any

_HEADERS = 3 * 4096


def spare(connection: Any, content: bytes) -> Iterator[tuple[str, bytes]]:
    """Each thing that no row of the open database owns, with its bytes where they are known.

    Args:
        connection: To the database, as its only one.
        content: Of its file, without a write-ahead log.
    """
    (size, used) = connection.execute(
        "SELECT block_size, used_blocks FROM pragma_database_size() "
        "WHERE database_name = current_database()"
    ).fetchone()
    blocks, behind = divmod(len(content) - _HEADERS, size)
    if behind:
        yield "bytes behind the last block", content[len(content) - behind :]
    if blocks > used:
        owned = _owned(connection)
        free = [number for number in range(blocks) if number not in owned]
        pieces = (content[_HEADERS + size * number :][:size].rstrip(b"\0") for number in free)
        yield "blocks that nothing uses", b"\n".join(pieces)
    for number, (name, kept) in enumerate(_stored(connection)):
        seen = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
        if kept > seen:
            yield f"rows of table {number} that were deleted", b""


def _owned(connection: Any) -> set[int]:
    """Blocks of the catalogue and of tables."""
    owned = {
        block
        for (block,) in connection.execute("SELECT block_id FROM pragma_metadata_info()").fetchall()
    }
    for name in _names(connection):
        told = connection.execute(
            "SELECT block_id, additional_block_ids FROM pragma_storage_info(?)", [name]
        ).fetchall()
        owned |= {block for block, _ in told} | {one for _, more in told for one in more or ()}
    return owned


def _stored(connection: Any) -> Iterator[tuple[str, int]]:
    """Each table and how many rows lie in its first column, deleted ones among them."""
    for name in _names(connection):
        (kept,) = connection.execute(
            "SELECT sum(count) FROM pragma_storage_info(?) "
            "WHERE column_id = 0 AND column_path = '[0]'",
            [name],
        ).fetchone()
        yield name, kept or 0


def _names(connection: Any) -> list[str]:
    found = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
    ).fetchall()
    return [".".join('"' + word.replace('"', '""') + '"' for word in row) for row in found]
