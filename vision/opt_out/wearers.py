"""Whose boxes are left out because a tag was read on them.

Belongs here: from boxes, tracks and places of tags to the boxes that may be stored. Does not belong
here: reading tags (`vision.opt_out.tags`), tracking (`vision.tracking`).

A tag is read in some frames of many, so it is the whole way of a person that is left out, before
the first reading and after the last. Where it is in doubt whose tag it is, or whether two pieces of
a way are one person's, both are left out: privacy comes before the count.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from vision.boxes import area, common_area
from vision.contracts import BOX
from vision.opt_out.watching import Sightings
from vision.protocols import View

Array = NDArray[np.float64]
Which = NDArray[np.bool_]

_AROUND = 0.12
"""A tag may be so far beside its wearer's box, heights of it; as it is looked for."""
_COVERED = 0.6
"""Share of a box that lies on another from which they are taken for one person's."""
_MOSTLY = 0.5
"""Share of a track's boxes from which it goes the way of another."""
_GAP_US = 3_000_000
"""Who is lost for longer is found again by nobody; their tag has to be read anew."""
_NEAR = 0.6
"""How far off one who was lost may come up at once, body heights."""
_PACE = 0.9
"""And for each second after, body heights: a fast walk."""
_EDGE_US = 1_000_000
"""Who leaves the picture is gone, unless somebody is there again so soon."""
_EDGE_PX = 4.0
_STRAY_US = 5_000_000
_STRAY_NEAR = 1.0


@dataclass(frozen=True)
class _Rows:
    """Boxes with their times, in order of time."""

    at_us: NDArray[np.int64]
    xyxy: Array

    @classmethod
    def of(cls, frame: pl.DataFrame) -> "_Rows":
        return cls(
            frame["frame_at"].dt.epoch("us").to_numpy(),
            frame.select(BOX).to_numpy().astype(np.float64),
        )

    def between(self, first_us: int, last_us: int) -> slice:
        begin = int(np.searchsorted(self.at_us, first_us, "left"))
        return slice(begin, int(np.searchsorted(self.at_us, last_us, "right")))


@dataclass(frozen=True)
class _Tracks:
    """Tracks in order of time, all rows together.

    Attributes:
        rows: Their boxes, also those that were filled in.
        track: (n,) whose each is.
        count: How many tracks there are.
    """

    rows: _Rows
    track: NDArray[np.int64]
    count: int

    @classmethod
    def of(cls, tracks: pl.DataFrame) -> "_Tracks":
        ordered = tracks.sort("frame_at", "track")
        count = 0 if tracks.is_empty() else 1 + int(tracks["track"].max())  # type: ignore[arg-type]
        return cls(_Rows.of(ordered), ordered["track"].to_numpy().astype(np.int64), count)

    @cached_property
    def ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of each track its first and its last row."""
        firsts = np.full(self.count, len(self.track))
        np.minimum.at(firsts, self.track, np.arange(len(self.track)))
        lasts = np.full(self.count, -1)
        np.maximum.at(lasts, self.track, np.arange(len(self.track)))
        return firsts, lasts


def kept(detections: pl.DataFrame, tracks: pl.DataFrame, seen: Sightings, view: View) -> pl.Series:
    """Which boxes may be stored: those that are of nobody who wears a tag.

    Args:
        detections: Rows of the `detections` contract, of a camera-day.
        tracks: What a tracker makes of them, rows of the `tracks` contract.
        seen: Where tags were read in the same frames.
        view: Of the camera.

    Returns:
        A boolean for each row of `detections`.
    """
    if not len(seen.at_us) or detections.is_empty():
        return pl.repeat(True, detections.height, dtype=pl.Boolean, eager=True)
    numbered = detections.with_row_index("row").sort("frame_at", "row")
    boxes, followed = _Rows.of(numbered), _Tracks.of(tracks)
    whose = _whose(numbered, tracks)
    left_out = _with_their_pieces(followed, _wearers(followed, seen), view)
    stays = np.ones(len(whose), bool)
    stays[whose >= 0] = ~left_out[whose[whose >= 0]]
    strays = np.flatnonzero(whose < 0)
    stays[strays] = ~_near_wearers(boxes, strays, followed, left_out, seen)
    result = np.empty(len(stays), bool)
    result[numbered["row"].to_numpy()] = stays
    return pl.Series(result)


def _whose(detections: pl.DataFrame, tracks: pl.DataFrame) -> NDArray[np.int64]:
    """The track of each detection; -1 for those that are of none."""
    place = ["frame_at", *BOX]
    owned = tracks.filter(pl.col("confidence").is_not_null()).select(*place, "track")
    found = detections.join(
        owned.unique(place, keep="first"), on=place, how="left", maintain_order="left"
    )
    return found["track"].fill_null(-1).to_numpy().astype(np.int64)


def _wearers(tracks: _Tracks, seen: Sightings) -> Which:
    """Tracks on which a tag was read: on them alone, or on nobody of whom it is known otherwise."""
    worn = np.zeros(tracks.count, bool)
    doubtful: list[NDArray[np.int64]] = []
    for at_us, place in zip(seen.at_us.tolist(), seen.xy.astype(np.float64), strict=True):
        there = tracks.rows.between(at_us, at_us)
        who = tracks.track[there][_around(tracks.rows.xyxy[there], place)]
        if len(who) == 1:
            worn[who] = True
        elif len(who):
            doubtful.append(who)
    certain = worn.copy()
    for who in doubtful:
        if not certain[who].any():
            worn[who] = True
    return worn


def _around(xyxy: Array, place: Array) -> Which:
    """Which boxes a tag at `place` may be worn in."""
    margin = _AROUND * (xyxy[:, 3:4] - xyxy[:, 1:2])
    within = (xyxy[:, :2] - margin <= place) & (place <= xyxy[:, 2:] + margin)
    result: Which = np.all(within, axis=1)
    return result


def _with_their_pieces(tracks: _Tracks, worn: Which, view: View) -> Which:
    """Those tracks, and others that seem to be of the same people."""
    left_out = worn.copy()
    fresh = np.flatnonzero(worn)
    while len(fresh):
        same = _going_the_same_way(tracks, left_out)
        for one in fresh.tolist():
            same |= _taken_up(tracks, one, view)
        fresh = np.flatnonzero(same & ~left_out)
        left_out |= same
    return left_out


def _going_the_same_way(tracks: _Tracks, left_out: Which) -> Which:
    """Tracks of which most boxes lie on boxes of those that are left out, in the same frames."""
    covered = np.zeros(tracks.count)
    out = left_out[tracks.track]
    for at_us in np.unique(tracks.rows.at_us[out]).tolist():
        there = tracks.rows.between(at_us, at_us)
        boxes, away = tracks.rows.xyxy[there], out[there]
        shared = common_area(boxes[~away], boxes[away]).max(axis=1)
        lies = shared >= _COVERED * area(boxes[~away])
        covered[tracks.track[there][~away][lies]] += 1
    lengths = np.bincount(tracks.track, minlength=tracks.count)
    result: Which = (covered >= _MOSTLY * lengths) & (covered > 0)
    return result


def _taken_up(tracks: _Tracks, one: int, view: View) -> Which:
    """Tracks that begin where `one` ended, or ended where it began."""
    firsts, lasts = tracks.ends
    result = np.zeros(tracks.count, bool)
    for mine, theirs, sign in ((lasts[one], firsts, 1), (firsts[one], lasts, -1)):
        apart_us = sign * (tracks.rows.at_us[theirs] - tracks.rows.at_us[mine])
        box = tracks.rows.xyxy[mine]
        longest = _EDGE_US if _at_edge(box, view) else _GAP_US
        result |= (
            (apart_us > 0)
            & (apart_us <= longest)
            & _within_reach(box, tracks.rows.xyxy[theirs], apart_us, _NEAR)
        )
    return result


def _at_edge(box: Array, view: View) -> bool:
    low, high = box[:2], np.array([view.width, view.height]) - box[2:]
    return bool((low < _EDGE_PX).any() or (high < _EDGE_PX).any())


def _within_reach(box: Array, xyxy: Array, apart_us: NDArray[np.int64], near: float) -> Which:
    """Who at `box` can be at each of `xyxy` after so long; middles of the feet tell where."""
    tall = box[..., 3] - box[..., 1]
    away = np.hypot(
        (xyxy[..., 0] + xyxy[..., 2] - box[..., 0] - box[..., 2]) / 2, xyxy[..., 3] - box[..., 3]
    )
    result: Which = away <= (near + _PACE * np.abs(apart_us) / 1e6) * tall
    return result


def _near_wearers(
    boxes: _Rows, strays: NDArray[np.int64], tracks: _Tracks, left_out: Which, seen: Sightings
) -> Which:
    """Which boxes of no track are near somebody who is left out, or had a tag read on them.

    Nobody is counted by these, so that many may go.
    """
    on_a_tag = np.zeros(len(strays), bool)
    for at_us, place in zip(seen.at_us.tolist(), seen.xy.astype(np.float64), strict=True):
        first, last = np.searchsorted(boxes.at_us[strays], [at_us, at_us + 1])
        on_a_tag[first:last] |= _around(boxes.xyxy[strays[first:last]], place)
    near = on_a_tag.copy()
    firsts, lasts = (ends[left_out] for ends in tracks.ends)
    out = np.flatnonzero(left_out[tracks.track])
    way = _Rows(tracks.rows.at_us[out], tracks.rows.xyxy[out])
    tagged = strays[on_a_tag]
    for index, row in enumerate(strays.tolist()):
        box, here_us = boxes.xyxy[row], int(boxes.at_us[row])
        # While somebody is followed it is known where they are; before and after, about where.
        while_followed = way.xyxy[way.between(here_us, here_us)]
        since = here_us - tracks.rows.at_us[lasts]
        until = tracks.rows.at_us[firsts] - here_us
        around_us = np.abs(boxes.at_us[tagged] - here_us)
        for xyxy, apart_us in (
            (while_followed, np.ones(len(while_followed), np.int64)),
            (tracks.rows.xyxy[lasts], since),
            (tracks.rows.xyxy[firsts], until),
            (boxes.xyxy[tagged], around_us + 1),
        ):
            soon = (apart_us > 0) & (apart_us <= _STRAY_US)
            reach = _within_reach(xyxy[soon], box, apart_us[soon], _STRAY_NEAR)
            near[index] |= bool(reach.any())
    return near
