"""The rows of a mart beside those that should be there.

Belongs here: what counts as equal. Does not belong here: where rows come from.
"""

import math
from collections.abc import Mapping, Sequence

import polars as pl

from assets.marts.schema import MartColumn, MartContract
from tests.oracle.day import Row
from vision.contract_terms import Range

_RELATIVE = 1e-9


def differences(mart: MartContract, stored: pl.DataFrame, expected: Sequence[Row]) -> list[str]:
    """What differs, in words; nothing where every row and column is as expected.

    NULL equals NULL alone. Words, counts and instants are equal or not. A number that the contract
    rounds has to be the multiple of its step nearest to what is expected, other numbers are equal
    to one part in a billion; so durations, which are sums and quantiles of whole seconds, are
    equal to the step of a tenth or half of a second in which they are kept.
    """
    found = _by_key(mart, stored.iter_rows(named=True))
    wanted = _by_key(mart, expected)
    told = [f"{mart.name}: no row {key}" for key in wanted.keys() - found.keys()]
    told += [f"{mart.name}: a row {key} too many" for key in found.keys() - wanted.keys()]
    for key in found.keys() & wanted.keys():
        if found[key] == wanted[key]:
            continue
        if found[key].keys() != wanted[key].keys():
            told.append(f"{mart.name}: columns {sorted(found[key].keys() ^ wanted[key].keys())}")
        told += [
            f"{mart.name} {key}: {column.name} is {found[key][column.name]}, "
            f"not {wanted[key][column.name]}"
            for column in mart.columns
            if not _are_equal(column, found[key][column.name], wanted[key][column.name])
        ]
    return sorted(told)


def _by_key(mart: MartContract, rows) -> Mapping[tuple, Row]:
    listed = [(tuple(row[name] for name in mart.key), row) for row in rows]
    by_key = dict(listed)
    assert len(by_key) == len(listed), f"{mart.name}: a key occurs twice"
    return by_key


def _are_equal(column: MartColumn, found: object, expected: object) -> bool:
    if found is None or expected is None:
        return found is expected
    if column.dtype != pl.Float64:
        return found == expected
    slack = _RELATIVE * max(1.0, abs(expected))
    step = column.domain.step if isinstance(column.domain, Range) else None
    if step is None:
        return math.isclose(found, expected, rel_tol=_RELATIVE, abs_tol=1e-12)
    multiple = abs(found / step - round(found / step)) < 1e-6
    return multiple and abs(found - expected) <= step / 2 + slack
