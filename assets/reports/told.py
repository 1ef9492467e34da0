"""Figures as they can be told: sums and rates over rows some of which tell nothing.

Belongs here: adding up and dividing without taking what is not known for zero. Does not belong
here: which rows and columns (`assets.reports.figures`, `ways`), words (`assets.reports.page`).

Rows are those of marts, exact or released: released ones say in `suppressed` that a figure was
blanked because it stands for few people. That is not known either, for another reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

Marts = Mapping[str, pl.DataFrame]
"""Rows of each mart, by name, as `with_suppressed` gives them."""
State = Literal["whole", "at_least", "unobserved", "suppressed", "nobody", "missing", "changed"]
SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class Told:
    """A figure, and how far it holds.

    Attributes:
        value: None where nothing can be told.
        state: `whole`: it is the figure. `at_least`: a lower bound, since some rows tell nothing.
            `unobserved`, `suppressed`: it is not known, for that reason. `nobody`: there was
            nobody to be measured. `missing`: the day has not been made. `changed`: what it would be
            the sum of is defined in different ways.
    """

    value: float | None
    state: State

    @property
    def is_whole(self) -> bool:
        """Whether it is the figure and no bound of it."""
        return self.state == "whole"


UNOBSERVED = Told(None, "unobserved")
NOBODY = Told(None, "nobody")


def with_suppressed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that say whether they were blanked; of exact ones none is."""
    if SUPPRESSED in rows.columns:
        return rows
    return rows.with_columns(pl.lit(False).alias(SUPPRESSED))


def total(rows: pl.DataFrame, column: str) -> Told:
    """The sum of a count over rows.

    It is whole where every row in trading hours tells it; where there are no trading hours, every
    row.
    """
    known = rows[column].drop_nulls()
    state = _state(rows, column)
    if known.is_empty():
        return Told(None, state)
    if not known.sum() and _hidden(rows, column):
        # That there were 0 or more tells nobody anything.
        return Told(None, "suppressed")
    return Told(float(known.sum()), state)


def together(told: Sequence[Told], needed: Sequence[bool] | None = None) -> Told:
    """A sum of figures, whole where each of those that are needed is; without a word, all are."""
    known = [one.value for one in told if one.value is not None]
    if not known:
        return next((one for one in told if one.state != "nobody"), Told(None, "nobody"))
    whole = all(
        one.is_whole or (one.value is None and not is_needed)
        for one, is_needed in zip(told, needed or [True] * len(told), strict=True)
    )
    return Told(sum(known), "whole" if whole else "at_least")


def most(rows: pl.DataFrame, column: str) -> Told:
    """The largest of a figure over rows, at least as large as it was where a row tells nothing."""
    known = [float(value) for value in rows[column].drop_nulls().to_list()]
    return Told(max(known, default=None), _state(rows, column))


def gapless_or(row: Mapping[str, Any], whole: str, observed: str) -> Told:
    """A figure of a day: `whole` where the day has no gap, else what was `observed` at least."""
    if row[whole] is not None:
        return Told(float(row[whole]), "whole")
    if row[observed] is not None:
        return Told(float(row[observed]), "at_least")
    return untold(row)


def figure(row: Mapping[str, Any], column: str) -> Told:
    """A figure of one row; where there is none, `nobody` if something was observed."""
    if row[column] is not None:
        return Told(float(row[column]), "whole")
    return untold(row) if row[SUPPRESSED] or not row.get("observed_share") else NOBODY


def untold(row: Mapping[str, Any]) -> Told:
    """Why a row tells nothing."""
    return Told(None, "suppressed" if row[SUPPRESSED] else "unobserved")


def ratio(
    rows: pl.DataFrame, part: str, wholes: Sequence[str], of: pl.DataFrame | None = None
) -> Told:
    """A rate over rows: the sum of a part by the sum of wholes, where each of them is known.

    A mean of the rows' rates would count a quiet hour as much as a busy one. Where `rows` were
    chosen `of` others, those say why there is none to tell.
    """
    columns = list(dict.fromkeys((part, *wholes)))
    known = rows.drop_nulls(columns)
    if known.is_empty():
        hidden = (rows if of is None else of).filter(SUPPRESSED).height
        return Told(None, "suppressed" if hidden else "unobserved")
    whole = sum(float(known[column].sum()) for column in wholes)
    return Told(float(known[part].sum()) / whole, "whole") if whole else NOBODY


def in_hours(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows in trading hours; all of them where there are none, or where a row is of a day."""
    if "in_trading_hours" not in rows.columns:
        return rows
    chosen = rows.filter("in_trading_hours")
    return rows if chosen.is_empty() else chosen


def share(rows: pl.DataFrame, minutes: float) -> float:
    """Observed share of the trading hours, in rows of so many minutes each."""
    chosen = in_hours(rows)
    observed = float(chosen["observed_minutes"].sum())
    return min(1.0, observed / (minutes * chosen.height)) if chosen.height else 0.0


def _hidden(rows: pl.DataFrame, column: str) -> int:
    """In how many rows a figure is suppressed."""
    return rows.filter(pl.col(column).is_null() & pl.col(SUPPRESSED)).height


def _state(rows: pl.DataFrame, column: str) -> State:
    hidden = _hidden(rows, column)
    gaps = in_hours(rows).filter(pl.col(column).is_null() & ~pl.col(SUPPRESSED)).height
    if rows[column].null_count() == rows.height:
        return "suppressed" if hidden else "unobserved"
    return "at_least" if hidden or gaps else "whole"
