"""Why a file of a camera-day is not used: the words of column `reason` of `camera_exports`.

Belongs here: the words, once, for contracts and for those who judge files. Does not belong here:
judging, or what one says of them to a person (`vision.exports.foreign`).
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
