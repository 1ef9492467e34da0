"""Differential privacy of counts: how much noise hides a person-day, and drawing it.

Belongs here: the one mechanism, as OpenDP's core has it. Does not belong here: who counts where
(`assets.release.contributions`), what a draw costs and where it is kept (`assets.storage`).

Neighbouring days differ in all that is stored of one person: at most `pieces_per_person`
trajectories, each of which counts once in at most `cells_per_person` cells. So they differ in at
most the product of the two among the pairs of a trajectory and a cell that are counted. Counting
the pairs by cell and adding discrete Laplace noise to every cell then costs epsilon (Ghosh,
Roughgarden and Sundararajan 2009), which OpenDP works out for the whole chain and we do not.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from vision.site.release import Noise


@dataclass(frozen=True, slots=True)
class Mechanism:
    """Counts of cells with noise; each call is a release and costs `Noise.epsilon`.

    Attributes:
        cells: How many there are; as many counts come back, whoever was where.
        scale: Of the noise. It is off by more than three times as much in one cell of twenty.
    """

    cells: int
    scale: float
    _measurement: Any

    def __call__(self, counted: Iterable[int]) -> list[int]:
        """Draw noisy counts, by OpenDP's generator, which is cryptographic and takes no seed.

        Args:
            counted: Of each pair of a trajectory and a cell the number of the cell, from 0. What
                one trajectory may bring must have been bounded.

        Returns:
            A count for each cell, below 0 too.
        """
        return list(self._measurement(list(counted)))


def pairs_of_person(noise: Noise) -> int:
    """Pairs of a trajectory and a cell by which neighbouring days may differ at most."""
    return noise.pieces_per_person * noise.cells_per_person


def mechanism(noise: Noise, cells: int) -> Mechanism:
    """The mechanism for so many cells, with the least noise that is enough by OpenDP's reckoning.

    Args:
        noise: What the site asks for.
        cells: At least one.

    Raises:
        ArithmeticError: OpenDP finds that the noise is not enough for epsilon.
    """
    # `opendp.prelude` would bring scikit-learn, pandas and Polars with it.
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import then_laplace
    from opendp.metrics import symmetric_distance
    from opendp.mod import binary_search_param, enable_features
    from opendp.transformations import make_count_by_categories

    enable_features("contrib")
    count = make_count_by_categories(
        vector_domain(atom_domain(T="i64")),
        symmetric_distance(),
        categories=list(range(cells)),
        MO="L1Distance<i64>",
        TOA="i64",
        null_category=False,
    )
    pairs = pairs_of_person(noise)
    scale = float(
        binary_search_param(
            lambda tried: count >> then_laplace(tried), d_in=pairs, d_out=noise.epsilon
        )
    )
    measurement = count >> then_laplace(scale)
    if not measurement.check(pairs, noise.epsilon):
        raise ArithmeticError(
            f"noise of scale {scale:g} does not hide {pairs} pairs of a trajectory and a cell at "
            f"epsilon {noise.epsilon:g}, says OpenDP; nothing was drawn. Look whether its version "
            "is the one in constraints.txt"
        )
    return Mechanism(cells, scale, measurement)
