"""What a file of a recorder may be and claim; what is beyond is not believed.

Belongs here: the figures, once, for contracts and for those who judge files. Does not belong here:
judging, or what a child process may use (`vision.exports.limits`). Processes that open files import
this, so nothing heavy is.
"""

import datetime as dt

CLOCKS_SHOW = (dt.datetime(1990, 1, 1, tzinfo=dt.UTC), dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
"""What a clock may show that is merely wrong; beyond, as in 1904, 1970 or 1980, it was never
set."""
MOST_BYTES = 2**43
"""A file that claims more, most of it holes, is told of as one that has so many."""
MOST_FRAMES = 100_000_000
MOST_SIDE_PX = 16_384
LONGEST_S = 25 * 3600
"""The longest trading day."""

PAUSE_US = 2_000_000
PAUSE_STEPS = 5
"""Frames further apart than both, microseconds and usual steps, leave a pause between them."""
