"""Why a file, or a minute, of a camera-day is not used: words of the columns `reason`.

Belongs here: the words, once, for contracts and for those who judge files and minutes. Does not
belong here: judging, or what one says of them to a person (`vision.exports.foreign`).
"""

from typing import Literal, get_args

Reason = Literal[
    "unreadable",
    "no_video_stream",
    "no_frames",
    "wrong_frame_size",
    "empty_file",
    "unsupported_name",
    "outside_root",
    "other_day",
    "encrypted",
    "proprietary",
    "decoder_crashed",
    "took_too_long",
    "took_too_much_memory",
]
"""Why a file is set aside. `other_day`: its name is of this day and a better clock is not."""

SET_ASIDE: tuple[Reason, ...] = get_args(Reason)

REPEATED = ("same_content", "seen_elsewhere")
"""Why a readable file is not needed: its bytes, or all that it shows, are had from others."""

SceneReason = Literal["camera_moved", "camera_covered", "too_dark"]
"""Why frames that came do not show what the site file says of their camera."""

SCENE: tuple[SceneReason, ...] = get_args(SceneReason)
"""The one that says most first: who moves a camera covers it for a moment."""

QUIET = "quiet"
"""The site wants nothing to be looked at: what was recorded then is none of our business."""

NOT_OBSERVED = (QUIET, *SCENE, "quarantined", "unreadable", "outside_trading_hours", "gap")
"""Why a minute was not wholly observed; of those that hold the first is given."""
