"""Names on a floor plan.

Belongs here: where a name goes so that it can be read. Does not belong here: what is named
(`vision.site.picture`).
"""

from typing import TYPE_CHECKING

import numpy as np

from vision.site import geometry

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class Labels:
    """Places names on one plan so that they do not lie on one another.

    Args:
        axes: The plan, its limits set, in metres.
        inches: Width and height of the paper that it is drawn on.
    """

    def __init__(self, axes: "Axes", inches: tuple[float, float]) -> None:
        self._axes = axes
        self._taken: list[tuple[float, float, float, float]] = []
        point_m = max(
            np.ptp(axes.get_xlim()) / (72 * inches[0]), np.ptp(axes.get_ylim()) / (72 * inches[1])
        )
        # Metres that a letter and a line of 8-point text take.
        self._letter_m, self._line_m = 5.0 * point_m, 13.0 * point_m

    def put(
        self,
        text: str,
        at: tuple[float, ...],
        colour: str,
        aside: geometry.Points | None = None,
    ) -> None:
        """Write `text` at `at`, or at the nearest place above or below that is free.

        With `aside`, a direction of length 1, the text stands clear of `at` to that side.
        """
        half = np.array([self._letter_m * len(text) / 2, self._line_m / 2])
        middle = np.array(at)
        if aside is not None:
            middle = middle + aside * (np.abs(aside) @ half + self._line_m / 3)
        for step in (0, 1, -1, 2, -2, 3, -3):
            shifted = middle + np.array([0, step * self._line_m])
            box = (*(shifted - half), *(shifted + half))
            if not any(_overlap(box, other) for other in self._taken):
                break
        self._taken.append(box)
        self._axes.text(
            float(shifted[0]),
            float(shifted[1]),
            text,
            color=colour,
            fontsize=8,
            ha="center",
            va="center",
            zorder=7,
            bbox={"boxstyle": "round,pad=0.15", "facecolor": (1, 1, 1, 0.8), "linewidth": 0},
        )


def _overlap(
    first: tuple[float, float, float, float], second: tuple[float, float, float, float]
) -> bool:
    return (
        first[0] < second[2]
        and second[0] < first[2]
        and first[1] < second[3]
        and second[1] < first[3]
    )
