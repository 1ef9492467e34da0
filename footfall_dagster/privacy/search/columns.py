"""Tables of any reader: numbers, bytes, times and words by column, by row and by nested value.

Belongs here: taking Arrow columns apart. Does not belong here: reading files (`tables`,
`databases`), the statistics (`numbers`).
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall_dagster.privacy.search.account import Account
from footfall_dagster.privacy.search.numbers import VECTOR, are_simple, judge

Examine = Callable[[bytes, str], None]
TIMES, IDS = "times below the second", "numbers that stand for others"
_LEAST_ROW, _LEAST_BITS = 24, 64


class Table:
    """The columns of one table, gathered batch by batch and judged at the end."""

    def __init__(
        self,
        place: str,
        account: Account,
        examine: Examine,
        *,
        under_nulls: bool = False,
        counts: Collection[str] = (),
    ) -> None:
        """Gather nothing yet; no picture is looked for in the columns called `counts`."""
        self._place = place
        self._account = account
        self._examine = examine
        self._under_nulls = under_nulls
        self._counts = counts
        self._numbers: dict[str, list[NDArray[Any]]] = {}
        self._flags: dict[str, list[NDArray[Any]]] = {}
        self._texts: dict[str, dict[bytes, None]] = {}
        self._blobs: dict[str, bytearray] = {}

    def add(self, batch: Any, called: Sequence[str] = ()) -> None:
        """Take in a record batch of Arrow; what its columns are `called`, if not by number."""
        self._account.rows += batch.num_rows
        for number, column in enumerate(batch.columns):
            self._take(column, called[number] if called else f"column {number}")

    def close(self) -> None:
        """Judge what was gathered."""
        for name, pieces in self._numbers.items():
            values = np.concatenate(pieces)
            place = f"{self._place} > {name}"
            if verdict := judge(
                values,
                single=values.dtype.itemsize <= 4 and values.dtype.kind == "f",
                pictures=name not in self._counts,
            ):
                self._account.find(place, *verdict)
            elif values.dtype.kind in "iu" and _are_sparse_ids(values):
                self._account.find(place, IDS, 0.4)
            if _are_packed(values):
                self._account.find(place, IDS, 0.4)
            if values.size < _LEAST_ROW:
                self._account.few.extend(values.astype(np.float64).tolist())
        self._judge_rows()
        for name, texts in self._texts.items():
            self._examine(b"\n".join(texts), f"{self._place} > {name}")
        for name, blobs in self._blobs.items():
            self._examine(bytes(blobs), f"{self._place} > {name}, all rows")

    def _take(self, column: Any, name: str) -> None:
        import pyarrow as pa

        column = self._plain(column, name)
        kind = column.type
        if pa.types.is_struct(kind):
            for number, child in enumerate(column.flatten()):
                self._take(child, f"{name}, field {number}")
        elif pa.types.is_map(kind):
            self._take(column.keys, f"{name}, keys")
            self._take(column.items, f"{name}, values")
        elif pa.types.is_union(kind):
            for number in range(kind.num_fields):
                self._take(column.field(number), f"{name}, kind {number}")
        elif _is_list(kind):
            self._take_list(column, name)
        else:
            self._take_single(column, name)

    def _plain(self, column: Any, name: str) -> Any:
        """The values of a column that stores them by reference."""
        import pyarrow as pa

        if pa.types.is_dictionary(column.type):
            self._take(column.indices, f"{name}, which of its words")
            column = column.dictionary
        if str(column.type).startswith("run_end_encoded"):
            self._take(column.run_ends, f"{name}, ends of runs")
            column = column.values
        return column.storage if isinstance(column, pa.ExtensionArray) else column

    def _take_single(self, column: Any, name: str) -> None:
        """A column of values that have no parts."""
        import pyarrow as pa

        kind = column.type
        if _is_bytes(kind) or _is_words(kind):
            self._take_bytes(column, name, words=_is_words(kind))
        elif pa.types.is_timestamp(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
            self._take_times(column, name)
        elif pa.types.is_interval(kind):
            parts = [[*one] for one in column.drop_null().to_pylist()]
            for number, part in enumerate(zip(*parts, strict=True)):
                self._take(pa.array(part, pa.int64()), f"{name}, part {number}")
        elif pa.types.is_date32(kind):
            self._take(column.cast(pa.int32()), name)
        elif pa.types.is_boolean(kind):
            # Alone a column of yes and no says little; side by side they may be bits.
            self._flags.setdefault(name, []).append(column.fill_null(False).to_numpy(False))
        elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            if pa.types.is_decimal(kind):
                column = column.cast(pa.float64())
            elif self._under_nulls and column.null_count:
                self._take(_without_nulls(column), f"{name}, under its nulls")
            values = column.drop_null().to_numpy(zero_copy_only=False)
            self._account.spend(values.nbytes)
            self._numbers.setdefault(name, []).append(values)

    def _take_list(self, column: Any, name: str) -> None:
        """Each of the first lists by itself, and all of them as one column."""
        import pyarrow as pa

        values = column.flatten()
        if pa.types.is_boolean(values.type):
            longest = max((len(row.values) for row in column[:200] if row.is_valid), default=0)
            if longest >= _LEAST_BITS and _are_bits(values.fill_null(False).to_numpy(False)):
                self._account.find(f"{self._place} > {name}", VECTOR, 0.4)
        if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
            for row in column[:200]:
                if row.is_valid and len(row.values) >= 48:
                    numbers = row.values.drop_null().to_numpy(zero_copy_only=False)
                    if verdict := judge(numbers):
                        self._account.find(f"{self._place} > {name}", *verdict)
        self._take(values, f"{name}, items")

    def _take_bytes(self, column: Any, name: str, *, words: bool) -> None:
        import pyarrow.compute as pc

        texts = self._texts.setdefault(name, {})
        for value in pc.unique(column.drop_null()).to_pylist():
            content = value.encode(errors="surrogatepass") if isinstance(value, str) else value
            self._account.spend(len(content))
            if words and len(content) < 100_000:
                texts[content] = None
            else:
                self._examine(content, f"{self._place} > {name}")
                if not words and len(content) < 4096:
                    self._blobs.setdefault(name, bytearray()).extend(content)

    def _take_times(self, column: Any, name: str) -> None:
        """The part below the second: nought, or few values, or something that was put there."""
        import pyarrow as pa

        unit = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[column.type.unit]
        if pa.types.is_time32(column.type):
            ticks = column.cast(pa.int32()).drop_null().to_numpy(zero_copy_only=False)
        else:
            ticks = column.cast(pa.int64()).drop_null().to_numpy(zero_copy_only=False)
        self._account.spend(ticks.nbytes)
        below = ticks % unit if unit > 1 else np.zeros_like(ticks)
        if len(np.unique(below)) >= 24:
            self._account.find(f"{self._place} > {name}", TIMES, 0.6)

    def _judge_block(self, columns: list[NDArray[Any]]) -> None:
        """Fewer columns than a vector has components: rows together, if they are of both signs."""
        block = np.stack(columns, axis=1)[:1000].reshape(-1)
        few = len(columns) < _LEAST_ROW // 3 or columns[0].dtype.kind != "f"
        if not few and _has_signs(block) and judge(block):
            self._account.find(f"{self._place} > {len(columns)} columns", VECTOR, 0.5)

    def _judge_rows(self) -> None:
        """Vectors that lie over many columns: row by row, columns of one type together."""
        flags = [np.concatenate(pieces)[:1000] for pieces in self._flags.values()]
        if len(flags) >= _LEAST_BITS and _are_bits(np.concatenate(flags)):
            self._account.find(f"{self._place} > {len(flags)} columns, by row", VECTOR, 0.4)
        by_shape: dict[tuple[str, int], list[NDArray[Any]]] = {}
        for pieces in self._numbers.values():
            values = np.concatenate(pieces)
            if values.dtype.kind in "fiu":
                by_shape.setdefault((values.dtype.str, values.size), []).append(values)
        for columns in by_shape.values():
            if len(columns) < _LEAST_ROW:
                self._judge_block(columns)
                continue
            matrix = np.stack(columns, axis=1)
            for row in [*matrix[:100], matrix[: 50_000 // len(columns)].reshape(-1)]:
                verdict = judge(row)
                if verdict is None and row.dtype.kind == "f" and row.size < 48:
                    odd = ~are_simple(row.astype(np.float64), row.dtype.itemsize <= 4)
                    verdict = (VECTOR, 0.6) if odd.sum() >= 0.6 * row.size else None
                if verdict:
                    self._account.find(f"{self._place} > {len(columns)} columns, by row", *verdict)
                    break


def _has_signs(numbers: NDArray[Any]) -> bool:
    return 0.2 < float((numbers < 0).mean()) < 0.8


def _are_bits(flags: NDArray[Any]) -> bool:
    """Whether yes and no are about as many, and follow each other as they like."""
    return flags.size >= _LEAST_BITS and 0.2 < float(flags.mean()) < 0.8


def _are_packed(values: NDArray[Any]) -> bool:
    """Whether numbers use all of 64 bits or more, as nothing does that is counted or timed."""
    if values.size < 12 or values.dtype.itemsize < 8:
        return False
    sizes = np.abs(values.astype(np.float64))
    return float((sizes > 2**53).mean()) > 0.9 and float(np.ptp(sizes)) > 0.1 * float(sizes.max())


def _without_nulls(column: Any) -> Any:
    """The column with whatever stands where its values are said to be missing."""
    import pyarrow as pa

    buffers = [None, *column.buffers()[1:]]
    return pa.Array.from_buffers(column.type, len(column), buffers, offset=column.offset)


def _are_sparse_ids(values: NDArray[Any]) -> bool:
    """Whether values name things, each in one run of rows, but are not numbered one by one."""
    if values.size < 200:
        return False
    starts = np.flatnonzero(np.diff(values) != 0)
    names = np.unique(values)
    runs = starts.size + 1
    if names.size < 24 or runs > 1.05 * names.size or values.size < 3 * names.size:
        return False
    return float(names[-1]) - float(names[0]) > 30 * names.size


def _is_list(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_list(kind)
        or pa.types.is_large_list(kind)
        or pa.types.is_fixed_size_list(kind)
        or str(kind).startswith(("list_view", "large_list_view"))
    )


def _is_bytes(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or str(kind) == "binary_view"
    )


def _is_words(kind: Any) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view"
    )


def names_of(schema: Any) -> Iterator[bytes]:
    """Everything that a schema says in words: names, nested ones too, and key-values."""
    # A name by itself is too short to tell anything; all of them are looked at as one text.
    yield b"\n".join(str(field).encode(errors="replace") for field in schema)
    for field in schema:
        for key, value in (field.metadata or {}).items():
            yield key
            yield value
    for key, value in (schema.metadata or {}).items():
        yield key
        yield value
