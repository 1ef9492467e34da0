"""Leaving out who wears the site's opt-out tag, before anything of them is stored.

Belongs here: when tags are looked for, and when people are left out. Does not belong here: how
(`vision.opt_out`). Nothing here is said of anybody: not that a tag was read, nor how many.
"""

import polars as pl

from vision.protocols import Detector, Tracker, View
from vision.site.privacy import Privacy


class OptOut:
    """What a site asks for in one camera-day; does nothing where it asks for no tag.

    Attributes:
        detector: To be used in place of the one that was given.
    """

    def __init__(self, privacy: Privacy, detector: Detector) -> None:
        self.detector = detector
        self._watch = None
        if privacy.opt_out_tag is not None:
            from vision.opt_out.tags import TagReader
            from vision.opt_out.watching import TagWatch

            self.detector = self._watch = TagWatch(detector, TagReader(privacy.opt_out_tag))

    def kept(self, found: pl.DataFrame, tracker: Tracker, view: View) -> pl.Series:
        """Which rows of `detections` may be stored; people are followed to find out.

        Args:
            found: All that was found in the frames that have passed, and may be stored otherwise.
            tracker: Follows people, by boxes alone.
            view: Of the camera.
        """
        if self._watch is None or not len((seen := self._watch.sightings).at_us):
            return pl.repeat(True, found.height, dtype=pl.Boolean, eager=True)
        from vision.opt_out.wearers import kept

        return kept(found, tracker.track(found, view), seen, view)
