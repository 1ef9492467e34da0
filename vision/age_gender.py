"""Age and gender guessed from faces, in memory: the hardest case for the wall, off by default.

Belongs here: from a frame and boxes to guesses, with two networks that the user supplies as
OpenVINO IR. Does not belong here: what becomes of guesses (`vision.demographics`).

Made for the pair face-detection-retail-0005 and age-gender-recognition-retail-0013 of Intel's Open
Model Zoo, or others of their shape. docs/age_gender.md says why we advise against it.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.protocols import Image

_SUREST_FACE = 0.8
"""Score from which something is a face that looks at the camera."""
_HEAD_SHARE = 0.35
"""The top of a standing person's box in which a face is looked for, where the box is narrow."""
_YEARS = 100.0
"""The age network gives hundredths of this many years."""


class ModelUnfit(Exception):  # noqa: N818 - says what it is
    """A network is not of the shape that is needed; the message says which and what to do."""


class FaceGuesser:
    """Guesses age and gender of those whose face is large enough, and of nobody else.

    Args:
        faces: Network from a (1, 3, h, w) BGR picture to rows of image, label, score and corners.
        age_gender: Network from a (1, 3, h, w) BGR face to age / 100 and (female, male).
        smallest_px: Shorter side of the smallest face that is guessed at, pixels of the frame.

    Raises:
        ModelUnfit: A file is no network, or one of another shape.
    """

    def __init__(self, faces: Path, age_gender: Path, *, smallest_px: int) -> None:
        self._faces = _compiled(faces)
        self._age_gender = _compiled(age_gender)
        self._smallest_px = smallest_px
        face_outputs = [output.shape for output in self._faces.outputs]
        if len(face_outputs) != 1 or face_outputs[0][-1] != 7:
            raise ModelUnfit(
                "the face network must give one output with seven figures a row, as "
                "face-detection-retail-0005 does; set FOOTFALL_FACE_MODEL to such a one"
            )
        sizes = [int(np.prod(output.shape)) for output in self._age_gender.outputs]
        if sorted(sizes) != [1, 2]:
            raise ModelUnfit(
                "the age and gender network must give one figure for age and two for gender, as "
                "age-gender-recognition-retail-0013 does; set FOOTFALL_AGE_GENDER_MODEL to such a "
                "one"
            )
        self._age, self._gender = sizes.index(1), sizes.index(2)

    def __call__(self, image: Image, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Guesses of the people in `xyxy`.

        Args:
            image: (height, width, 3), BGR.
            xyxy: (n, 4) boxes, pixels.

        Returns:
            (n, 2) age in years, probability of being male. NaN for whoever shows no face of enough
            pixels, or shares the head of their box with another face.
        """
        guesses = [self._guess(image, box) for box in xyxy]
        return np.array(guesses, dtype=np.float32).reshape(-1, 2)

    def _guess(self, image: Image, box: NDArray[np.float32]) -> tuple[float, float]:
        nothing = (np.nan, np.nan)
        x_min, y_min, x_max, y_max = np.round(box).astype(int).tolist()
        if min(x_max - x_min, y_max - y_min) < self._smallest_px:
            return nothing
        reach = max(x_max - x_min, round(_HEAD_SHARE * (y_max - y_min)))
        head = image[max(0, y_min) : min(y_max, y_min + reach), max(0, x_min) : x_max]
        if min(head.shape[:2]) < self._smallest_px:
            return nothing
        found = self._found(head)
        # With two faces in one box nobody knows whose is whose.
        if len(found) != 1:
            return nothing
        left, top, right, bottom = found[0]
        if min(right - left, bottom - top) < self._smallest_px:
            return nothing
        answer = self._age_gender(_input_of(self._age_gender, head[top:bottom, left:right]))
        return (
            _YEARS * float(np.ravel(answer[self._age])[0]),
            float(np.ravel(answer[self._gender])[1]),
        )

    def _found(self, head: Image) -> list[tuple[int, int, int, int]]:
        height, width = head.shape[:2]
        rows = np.asarray(self._faces(_input_of(self._faces, head))[0]).reshape(-1, 7)
        corners = np.round(rows[rows[:, 2] >= _SUREST_FACE, 3:] * [width, height, width, height])
        clipped = np.clip(corners, 0, [width, height, width, height]).astype(int)
        return [(left, top, right, bottom) for left, top, right, bottom in clipped.tolist()]


def _compiled(model: Path) -> Any:
    import openvino as ov

    core = ov.Core()
    try:
        network = core.read_model(model)
    except RuntimeError:
        raise ModelUnfit(
            f"{model.name} cannot be read as a network; give the .xml of an OpenVINO IR, with its "
            ".bin beside it"
        ) from None
    shapes = [list(put.shape) for put in network.inputs if put.partial_shape.is_static]
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][:2] != [1, 3]:
        raise ModelUnfit(
            f"{model.name} must take one picture of fixed size, (1, 3, height, width); export it so"
        )
    return core.compile_model(network, "CPU", {"PERFORMANCE_HINT": "LATENCY"})


def _input_of(network: Any, picture: Image) -> NDArray[np.float32]:
    _, _, height, width = network.inputs[0].shape
    scaled = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    planes: NDArray[np.float32] = scaled.transpose(2, 0, 1)[None].astype(np.float32)
    return planes
