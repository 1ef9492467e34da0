"""Who of a simulated crowd wears an opt-out tag, and the tag on their chest.

Belongs here: choosing them, and the print laid over a cut-out. Does not belong here: what the tag
looks like (`vision.opt_out.printed`), painting people (`vision.simulate.render`).

A cut-out has no back: the tag is seen from wherever its wearer is seen, as if there were one on the
chest and one on the back.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.opt_out.printed import squares, whole_side
from vision.simulate.cutouts import Sprite
from vision.simulate.geometry import Floats
from vision.simulate.walk import Walk
from vision.site.privacy import OptOutTag

SIDE_M = 0.2
"""Of the black square: with its edge, a print as wide as A4 paper nearly is."""

_CHEST = 0.29
"""Where the middle of the tag is, from the top of the head, as a share of the height."""
_PAPER, _PRINT = 225, 30
"""Grey levels of paper and ink under the lights of a shop."""
_FINER = 2
_LENS = 0.8
"""Standard deviation, in half pixels of the frame, of the blur of a lens."""
_SALT = 2_000_003


def wearers(walks: Sequence[Walk], count: int, seed: int) -> frozenset[int]:
    """Numbers of `count` visitors, drawn at random; of all where there are no more.

    Args:
        walks: Of everybody; staff are never drawn.
        count: How many.
        seed: Of the simulation.
    """
    visitors = [walk.person.number for walk in walks if not walk.person.staff]
    drawn = np.random.default_rng([seed, _SALT]).permutation(np.array(visitors, np.int64))
    return frozenset(drawn[:count].tolist())


def lay_on(
    patch: Sprite, sprite: Sprite, warp: Floats, tag: OptOutTag, body_m: float, sole: float
) -> None:
    """Lay the tag on the chest of a person who has been painted into `patch`.

    Args:
        patch: (height, width, 4) what is about to be laid over the frame; changed in place.
        sprite: The cut-out that it was made from.
        warp: (2, 3) from pixels of the cut-out to pixels of the patch.
        tag: The tag; its `side_m` is true to scale.
        body_m: Height of the person, metres.
        sole: Where the soles are, as a share of the height of the cut-out.
    """
    rows = sprite.shape[0]
    side = tag.side_m * whole_side(tag) * sole * rows / body_m
    place = np.array([[side, 0, _middle(sprite) - side / 2], [0, side, _CHEST * rows - side / 2]])
    onto = warp @ np.vstack([place, [0, 0, 1]])
    wide = float(np.hypot(*onto[:, 0]))
    size = max(8, round(_FINER * wide))
    print_ = _printed(tag, size)
    onto = onto @ np.diag([1 / size, 1 / size, 1])
    window = (patch.shape[1], patch.shape[0])
    laid = cv2.warpAffine(print_, onto, window, flags=cv2.INTER_LINEAR)
    covers = cv2.warpAffine(np.full_like(print_, 255), onto, window, flags=cv2.INTER_LINEAR)
    share = covers[..., None].astype(np.float32) / 255
    under = patch[..., :3] * (1 - share)
    # The print was warped over black, so it is multiplied by its share already.
    patch[..., :3] = np.clip(under + laid[..., None], 0, 255).astype(np.uint8)
    patch[..., 3] = np.maximum(patch[..., 3], covers)


def _printed(tag: OptOutTag, size: int) -> NDArray[np.uint8]:
    drawn = squares(tag)
    large = np.kron(drawn, np.ones((16, 16), np.uint8))
    inked = (large.astype(np.float32) / 255 * (_PAPER - _PRINT) + _PRINT).astype(np.uint8)
    reduced = cv2.resize(inked, (size, size), interpolation=cv2.INTER_AREA)
    blurred: NDArray[np.uint8] = cv2.GaussianBlur(reduced, (0, 0), _LENS)
    return blurred


def _middle(sprite: Sprite) -> float:
    """Column of the middle of the trunk."""
    rows = sprite.shape[0]
    alpha = sprite[int(0.2 * rows) : int(0.4 * rows), :, 3].astype(np.float64).sum(axis=0)
    return float((alpha * np.arange(len(alpha))).sum() / max(alpha.sum(), 1.0))
