"""From pixels to metres on the floor and back, by a plane homography.

Belongs here: the mapping, how it is fitted to point pairs, and the ways in which it can be wrong.
Does not belong here: what is done with positions on the floor. NumPy only, because site files are
checked whenever Dagster loads the definitions, which must not import OpenCV.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.site.models import CalibrationPair

Points = NDArray[np.float64]


class CalibrationError(ValueError):
    """Point pairs from which no usable mapping follows; the message carries the remedy."""


@dataclass(frozen=True, slots=True)
class Homography:
    """A mapping between the image plane (px, y down) and the floor (m, y up seen from above)."""

    floor_from_pixel: NDArray[np.float64]
    residuals_m: NDArray[np.float64]

    @classmethod
    def fit(cls, pairs: Sequence[CalibrationPair]) -> "Homography":
        """Fit the normalised direct linear transform to four or more pairs.

        Source: Hartley and Zisserman, Multiple View Geometry, 2nd ed., algorithm 4.2.

        Raises:
            CalibrationError: Fewer than four pairs, three of four on a line, pairs crossed, or a
                mapping that turns the floor over.
        """
        if len(pairs) < 4:
            raise CalibrationError(
                f"{len(pairs)} calibration pairs; a plane needs four or more, spread over the view"
            )
        pixel = np.array([pair.pixel for pair in pairs], dtype=np.float64)
        floor = np.array([pair.floor for pair in pairs], dtype=np.float64)
        for name, points in (("pixel", pixel), ("floor", floor)):
            spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
            if spread[1] < 1e-3 * spread[0] or spread[0] == 0:
                raise CalibrationError(
                    f"the {name} points lie on a line; add pairs away from it so that they "
                    "enclose an area"
                )
        matrix = _direct_linear_transform(pixel, floor)
        _refuse_turned_floor(matrix, pixel)
        mapped = _apply(matrix, pixel)
        return cls(matrix, np.linalg.norm(mapped - floor, axis=1))

    def to_floor(self, pixels: Points) -> Points:
        """Map (n, 2) pixels to (n, 2) metres; NaN for pixels on or above the horizon."""
        return _apply(self.floor_from_pixel, pixels, keep_sign=True)

    def to_pixels(self, floor: Points) -> Points:
        """Map (n, 2) metres to (n, 2) pixels; NaN for points behind the camera."""
        # Where H p = w f, the inverse gives p / w: its denominator has the sign of w.
        inverse = np.linalg.inv(self.floor_from_pixel).astype(np.float64)
        return _apply(inverse, floor, keep_sign=True)


def _direct_linear_transform(source: Points, target: Points) -> NDArray[np.float64]:
    to_unit_source, unit_source = _normalise(source)
    to_unit_target, unit_target = _normalise(target)
    rows = []
    for (x, y), (u, v) in zip(unit_source, unit_target, strict=True):
        rows.append([-x, -y, -1, 0, 0, 0, u * x, u * y, u])
        rows.append([0, 0, 0, -x, -y, -1, v * x, v * y, v])
    _, strengths, right = np.linalg.svd(np.array(rows))
    # Nine unknowns up to scale need eight independent equations, or many mappings fit.
    if strengths[7] < 1e-6 * strengths[0]:
        raise CalibrationError(
            "the pairs leave the mapping open, as where three of four points lie on a line; add "
            "pairs so that four of them enclose an area"
        )
    matrix = np.linalg.inv(to_unit_target) @ right[-1].reshape(3, 3) @ to_unit_source
    denominators = _denominators(matrix, source)
    # Where as many points lie before the camera as behind it, any sign shows that they are crossed.
    scale = float(np.median(denominators)) or float(np.abs(denominators).max())
    scaled: NDArray[np.float64] = matrix / scale
    return scaled


def _normalise(points: Points) -> tuple[NDArray[np.float64], Points]:
    centre = points.mean(axis=0)
    scale = np.sqrt(2) / np.linalg.norm(points - centre, axis=1).mean()
    matrix = np.array([[scale, 0, -scale * centre[0]], [0, scale, -scale * centre[1]], [0, 0, 1]])
    return matrix, (points - centre) * scale


def _denominators(matrix: NDArray[np.float64], points: Points) -> NDArray[np.float64]:
    result: NDArray[np.float64] = points @ matrix[2, :2] + matrix[2, 2]
    return result


def _apply(matrix: NDArray[np.float64], points: Points, *, keep_sign: bool = False) -> Points:
    points = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    denominators = _denominators(matrix, points)
    if keep_sign:
        denominators = np.where(denominators > 1e-9, denominators, np.nan)
    mapped: Points = (points @ matrix[:2, :2].T + matrix[:2, 2]) / denominators[:, None]
    return mapped


def _refuse_turned_floor(matrix: NDArray[np.float64], pixel: Points) -> None:
    denominators = _denominators(matrix, pixel)
    if (denominators <= 0).any():
        raise CalibrationError(
            "the calibration points are crossed: some of them would lie behind the camera; "
            "check that each pixel stands beside its own floor point, in the same order"
        )
    # The Jacobian determinant of x -> Hx is det(H) / w^3. Image y points down and floor y points
    # up seen from above, so a floor seen from above has a negative one everywhere in view.
    if np.linalg.det(matrix) > 0:
        raise CalibrationError(
            "the mapping turns the floor over (a mirror image seen from below); floor axes run x "
            "to the right and y up on the plan seen from above: check the sign of y, or swap x "
            "and y"
        )
