"""The tag as it is printed: a marker of OpenCV's ArUco dictionaries with a white edge around it.

Belongs here: its squares, and a drawing of them at true size. Does not belong here: reading one in
a frame (`vision.opt_out.tags`).

Source of the markers: Garrido-Jurado et al., Automatic generation and detection of highly reliable
fiducial markers under occlusion, Pattern Recognition 2014.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.site.privacy import OptOutTag

_DICTIONARIES = {
    "4x4_50": cv2.aruco.DICT_4X4_50,
    "5x5_50": cv2.aruco.DICT_5X5_50,
    "6x6_50": cv2.aruco.DICT_6X6_50,
}
_EDGE = 1
"""White squares around the black ones, without which nothing is found on dark clothes."""


def dictionary(tag: OptOutTag) -> "cv2.aruco.Dictionary":
    """OpenCV's dictionary of which the tag is."""
    return cv2.aruco.getPredefinedDictionary(_DICTIONARIES[tag.dictionary])


def squares(tag: OptOutTag) -> NDArray[np.uint8]:
    """The tag in squares, (n, n), 0 where it is black and 255 where it is white, edge included."""
    size = int(tag.dictionary[0]) + 2
    black = cv2.aruco.generateImageMarker(dictionary(tag), tag.id, size)
    edged: NDArray[np.uint8] = np.pad(black, _EDGE, constant_values=255)
    return edged


def whole_side(tag: OptOutTag) -> float:
    """Side of the print with its edge, in sides of the black square."""
    count = len(squares(tag))
    return count / (count - 2 * _EDGE)


def svg(tag: OptOutTag) -> str:
    """The tag as an SVG document of its true size, to be printed at 100 %."""
    drawn = squares(tag)
    count = len(drawn)
    side_mm = 1000 * tag.side_m / (count - 2 * _EDGE)
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, x in np.argwhere(drawn == 0).tolist())
    whole = f"{side_mm * count:.2f}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{whole}" '
        f'viewBox="0 0 {count} {count}" shape-rendering="crispEdges">'
        f'<rect width="{count}" height="{count}" fill="#fff"/>'
        f'<path d="{dark}" fill="#000"/>'
        # Where to cut: without its white edge a tag on dark clothes is not found.
        f'<rect width="{count}" height="{count}" fill="none" stroke="#bbb" stroke-width="0.02"/>'
        "</svg>\n"
    )
