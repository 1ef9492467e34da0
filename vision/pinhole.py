"""A pinhole camera recovered from a floor calibration, so that heads can be projected too.

Belongs here: the pose and its projection. Does not belong here: fitting the floor homography
(`vision.calibration`), drawing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vision.calibration import Homography
from vision.site.models import Camera

_NEAR_M = 0.3


class PoseError(ValueError):
    """A calibration from which no pinhole pose follows."""


@dataclass(frozen=True, slots=True)
class Pinhole:
    """A calibrated camera.

    Attributes:
        matrix: (3, 4) from (x_m, y_m, z_m, 1) to homogeneous pixels; the third row is scaled so
            that the homogeneous weight is the depth in metres along the optical axis.
        width: Frame width, pixels.
        height: Frame height, pixels.
        focal: Focal length, pixels.
        centre: (3,) position of the camera, metres; z is its height above the floor.
    """

    matrix: NDArray[np.float64]
    width: int
    height: int
    focal: float
    centre: NDArray[np.float64]

    @classmethod
    def of(cls, camera: Camera, size: tuple[int, int] | None = None) -> "Pinhole":
        """Recover the pose of `camera`; with `size`, for a frame scaled to that size.

        Raises:
            PoseError: The camera has no calibration, or no pose fits it.
            CalibrationError: The pairs fit no plane.
        """
        if not camera.calibrated:
            raise PoseError(f"camera {camera.id} has no calibration; nothing can be drawn for it")
        floor_to_pixel = np.linalg.inv(Homography.fit(camera.calibration).floor_from_pixel)
        width, height = size or camera.frame
        scale = np.diag([width / camera.frame[0], height / camera.frame[1], 1.0])
        try:
            return cls.from_homography(scale @ floor_to_pixel, width, height)
        except PoseError as error:
            raise PoseError(f"camera {camera.id}: {error}") from error

    @classmethod
    def from_homography(
        cls, pixel_from_floor: NDArray[np.float64], width: int, height: int
    ) -> "Pinhole":
        """Recover focal length and pose from one plane.

        Square pixels and a principal point in the centre leave the focal length to the two
        constraints that the columns of a rotation are orthogonal and of one length. Source: Zhang,
        A flexible new technique for camera calibration, PAMI 2000, section 2.3.

        Raises:
            PoseError: No real focal length satisfies the constraints.
        """
        to_centre = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1.0]])
        plane = to_centre @ pixel_from_floor
        plane = plane / np.linalg.norm(plane[:, 0])
        focal = _focal(plane)
        intrinsic = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1.0]])
        columns = np.diag([1 / focal, 1 / focal, 1]) @ plane
        length = np.sqrt(np.linalg.norm(columns[:, 0]) * np.linalg.norm(columns[:, 1]))
        columns = columns / length
        up = np.cross(columns[:, 0], columns[:, 1])
        pose = np.column_stack([columns[:, 0], columns[:, 1], up, columns[:, 2]])
        centre = -np.linalg.solve(pose[:, :3], pose[:, 3])
        if centre[2] < 0:
            # The homography is known up to sign: choose the one with the camera above the floor.
            pose[:, [0, 1, 3]] *= -1
            centre = -np.linalg.solve(pose[:, :3], pose[:, 3])
        return cls(intrinsic @ pose, width, height, focal, centre)

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map (n, 3) metres to (n, 3): pixel x, pixel y, depth; NaN pixels behind the camera."""
        points = np.asarray(points, dtype=np.float64).reshape(-1, 3)
        mapped = points @ self.matrix[:, :3].T + self.matrix[:, 3]
        depth = mapped[:, 2]
        safe = np.where(depth > _NEAR_M, depth, np.nan)
        return np.column_stack([mapped[:, 0] / safe, mapped[:, 1] / safe, depth])

    def floor_of_pixels(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map (n, 2) pixels to (n, 2) metres on the floor; NaN at and above the horizon."""
        inverse = np.linalg.inv(self.matrix[:, [0, 1, 3]])
        mapped = np.column_stack([pixels, np.ones(len(pixels))]) @ inverse.T
        # Here the weight is the inverse of the depth.
        weight = np.where(mapped[:, 2] > 1e-4, mapped[:, 2], np.nan)
        result: NDArray[np.float64] = mapped[:, :2] / weight[:, None]
        return result

    def clip_polygon(self, corners: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project an (n, 3) polygon, cut at the near plane, to (m, 2) pixels; m may be 0."""
        depths = corners @ self.matrix[2, :3] + self.matrix[2, 3] - 2 * _NEAR_M
        kept: list[NDArray[np.float64]] = []
        for index, (corner, depth) in enumerate(zip(corners, depths, strict=True)):
            before, depth_before = corners[index - 1], depths[index - 1]
            if (depth > 0) != (depth_before > 0):
                share = depth_before / (depth_before - depth)
                kept.append(before + share * (corner - before))
            if depth > 0:
                kept.append(corner)
        if len(kept) < 3:
            return np.empty((0, 2))
        return self.project(np.array(kept))[:, :2]


def _focal(plane: NDArray[np.float64]) -> float:
    (a1, a2), (b1, b2), (c1, c2) = plane[:, :2]
    # (a1 a2 + b1 b2) u + c1 c2 = 0 and (|1|^2 - |2|^2) alike, with u = 1 / focal^2.
    slope = np.array([a1 * a2 + b1 * b2, a1**2 + b1**2 - a2**2 - b2**2])
    offset = np.array([c1 * c2, c1**2 - c2**2])
    inverse_square = -float(slope @ offset) / float(slope @ slope)
    if not np.isfinite(inverse_square) or inverse_square <= 0:
        raise PoseError(
            "no pinhole camera with square pixels fits the calibration; spread the pairs further "
            "over the view or measure them again"
        )
    return float(1 / np.sqrt(inverse_square))
