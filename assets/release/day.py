"""The release of a site-day: its exact rows, with what may not leave the house blanked.

Belongs here: putting together what each part of the policy blanks, over all marts of the day at
once. Does not belong here: which parts there are (`assets.release.policy`), the assets that place
what is released (`assets.marts.release`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from assets.marts.contracts import MARTS
from assets.marts.inputs import gates
from assets.release import policy
from assets.release.cells import Cells, Rows
from vision.site.models import SiteDay


@dataclass(frozen=True)
class Decision:
    """What is not told of a day.

    Attributes:
        blanked: For each mart the columns that tell of people, true where a figure is not told.
        small: How many figures are of fewer than k people.
        more: How many others are blanked so that those cannot be worked out.
        open_before: How many of those could have been, had nothing more been blanked.
        open_after: How many can be, as it is; more than none is never released.
    """

    blanked: Mapping[str, pl.DataFrame]
    small: int
    more: int
    open_before: int
    open_after: int


def decide(
    site_day: SiteDay,
    exact: Rows,
    earlier: Mapping[str, pl.DataFrame],
    progress: Callable[[str], object] = lambda _line: None,
) -> Decision:
    """Decide what is told of a day.

    Args:
        site_day: The site on the day.
        exact: Rows of all marts.
        earlier: Published rows of `policy.days_before`, by mart.
        progress: Told what is being done.

    Raises:
        RuntimeError: Figures are left that can be worked out whatever is blanked.
    """
    # scipy is not needed to define assets.
    from assets.release.complement import blanked, judged
    from assets.release.linked import linked
    from assets.release.recovery import worked_out

    k = site_day.site.file.privacy.k
    cells = Cells.of(exact)
    links = linked(cells, gates(site_day))
    sensitive, small = judged(cells, links, k), cells.small(k)
    primary = cells.blanked_with(small) | never_told(site_day, cells)
    progress("looking for figures of few people that could be worked out from the others")
    before = worked_out(cells, links, primary, sensitive, k)
    found = blanked(cells, links, k, primary, before, progress)
    # All of them anew, whatever was taken for granted on the way.
    after = worked_out(cells, links, found, sensitive, k)
    also = _by_rows(site_day, cells, found, earlier)
    return Decision(
        _by_mart(cells, found | also),
        small=int(small.sum()),
        more=int((found & ~primary).sum()),
        open_before=before.size,
        open_after=after.size,
    )


def never_told(site_day: SiteDay, cells: Cells) -> NDArray[np.bool_]:
    """Cells of marts and columns that are not told, whatever they are; shape (cells,)."""
    kept = np.zeros(cells.value.size, bool)
    for mart, column in cells.columns():
        never = column in policy.NEVER_TOLD.get(mart, ())
        kept[cells.at(mart, column)] = never or policy.way(site_day, mart) in ("withheld", "noisy")
    return kept & ~np.isnan(cells.value)


def _by_rows(
    site_day: SiteDay,
    cells: Cells,
    blanked: NDArray[np.bool_],
    earlier: Mapping[str, pl.DataFrame],
) -> NDArray[np.bool_]:
    """Cells that nothing adds up to, and that would tell of blanked ones all the same."""
    also = np.zeros_like(blanked)
    k = site_day.site.file.privacy.k
    for mart, groups in policy.OF_ALL_ROWS.items():
        for counter, by, columns in groups:
            rows = cells.rows[mart].select(*by, blanked=blanked[cells.at(mart, counter)])
            any_ = rows.select(pl.col("blanked").any().over(by) if by else pl.col("blanked").any())
            spread = np.broadcast_to(any_.to_series().to_numpy(), rows.height)
            for column in columns:
                also[cells.at(mart, column)] |= spread
    for mart, shares in policy.PARTS.items():
        for share, whole in shares:
            of = cells.value[cells.at(mart, whole)]
            part = np.round(cells.value[cells.at(mart, share)] * of)
            few = ((part > 0) & (part < k)) | ((of - part > 0) & (of - part < k))
            also[cells.at(mart, share)] |= few
    for mart, changes in policy.CHANGES.items():
        key = [name for name in MARTS[mart].key if name != "trading_day"]
        for span, figure, columns in changes:
            told = earlier[mart].filter(
                (pl.lit(site_day.day) - pl.col("trading_day") == pl.duration(days=span))
                & pl.col(figure).is_not_null()
            )
            is_told = (
                cells.rows[mart]
                .select(key)
                .join(
                    told.select(*key, told=pl.lit(True)), on=key, how="left", maintain_order="left"
                )
            )
            for column in columns:
                also[cells.at(mart, column)] |= is_told["told"].is_null().to_numpy()
    return also & ~np.isnan(cells.value)


def _by_mart(cells: Cells, blanked: NDArray[np.bool_]) -> dict[str, pl.DataFrame]:
    columns: dict[str, dict[str, NDArray[np.bool_]]] = {mart: {} for mart in cells.rows}
    for mart, column in cells.columns():
        columns[mart][column] = blanked[cells.at(mart, column)]
    return {mart: pl.DataFrame(found) for mart, found in columns.items()}
