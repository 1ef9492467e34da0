"""Rules about cameras: their files, their clocks, their calibration and their masks.

Belongs here: what can be wrong with a camera once its floor is known. Does not belong here: the
shapes that a camera owns (`vision.site.shape_rules`), finding files (`vision.exports.folder`).
"""

import datetime as dt
import re
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from vision.calibration import CalibrationError, Homography
from vision.exports.names import Naming
from vision.exports.patterns import NamePattern, PatternError
from vision.site import geometry
from vision.site.models import Camera, Floor, RecorderExports, Site
from vision.site.problems import CAMERAS_YAML, Fault, FieldPath

LARGEST_RESIDUAL_M = 0.5
"""A calibration pair farther off than this says that a pair was measured wrongly."""

_FAR_OUTSIDE_M = 5.0
_WHOLE_START = ("%Y", "%m", "%d", "%H", "%M", "%S")


def camera_faults(site: Site) -> Iterator[Fault]:
    """Yield what is wrong with the cameras of a site whose references hold."""
    floors = {floor.id: floor for floor in site.file.floors}
    for index, camera in enumerate(site.cameras):
        path: FieldPath = ("cameras", index)
        yield from _exports(camera, path)
        yield from _starts(site, camera, path)
        yield from _calibration(camera, floors[camera.floor], path)
        yield from _masks(camera, path)
    yield from _shared_exports(site)


def pixel_outside(point: tuple[float, float], camera: Camera) -> bool:
    """Whether a pixel lies outside the camera's frame; its border belongs to it."""
    return not all(0 <= at <= size for at, size in zip(point, camera.frame, strict=True))


def _exports(camera: Camera, path: FieldPath) -> Iterator[Fault]:
    here = (*path, "exports")
    own = camera.exports if isinstance(camera.exports, str) else None
    below = camera.exports.folder if isinstance(camera.exports, RecorderExports) else own or ""
    if re.match(r"[/\\~]|[A-Za-z]:", below) or ".." in below.split("/") or "\\" in below:
        what = f"the {'folder' if own is None else 'pattern'} is not a path below the folder of "
        remedy = "write it relative to that folder, with / between folders and without .."
        place = (*here, "folder") if own is None else here
        yield Fault(CAMERAS_YAML, place, f"{what}recordings", remedy)
        return
    if isinstance(camera.exports, RecorderExports) and "/" in (camera.exports.channel or ""):
        what = "a channel is a part of a name, not a path"
        yield Fault(CAMERAS_YAML, (*here, "channel"), what, "write what is before the / in folder")
        return
    try:
        naming = Naming.of(camera)
    except PatternError as error:
        what, _, remedy = str(error).partition("; ")
        yield Fault(CAMERAS_YAML, here, what, remedy)
        return
    if own is not None:
        yield from _untold(naming.patterns[0], camera, here)


def _untold(pattern: NamePattern, camera: Camera, here: FieldPath) -> Iterator[Fault]:
    """What a pattern of one's own leaves out."""
    missing = pattern.missing("start") if pattern.tells("start") else _WHOLE_START
    otherwise = (
        camera.clock.starts or camera.clock.sidecar or "order" in camera.clock.model_fields_set
    )
    if missing and not otherwise:
        what = f"the pattern does not say when a file begins: {' '.join(missing)} is missing"
        remedy = (
            "write the date and time as they stand in the names, such as "
            "cam_a_%Y%m%d_%H%M%S.mp4; or give each file's start in clock.starts or a CSV in "
            "clock.sidecar, or say in clock.order which of onvif and container to believe"
        )
        yield Fault(CAMERAS_YAML, here, what, remedy)
    if pattern.missing("end"):
        what = f"the end is not a time: {' '.join(pattern.missing('end'))} is missing"
        remedy = "write all that names have of it within the braces, such as {end:%H%M%S}"
        yield Fault(CAMERAS_YAML, here, what, remedy)


def _starts(site: Site, camera: Camera, path: FieldPath) -> Iterator[Fault]:
    naming = _naming(camera)
    if naming is None:
        return
    for name, start in camera.clock.starts.items():
        here = (*path, "clock", "starts", name)
        if "/" in name or not any(pattern.fits_file(name) for pattern in naming.patterns):
            what = f"no file of this camera can have the name {name}"
            shown = naming.patterns[0].text
            remedy = f"write the file's own name, without folders, as in exports {shown}"
            yield Fault(CAMERAS_YAML, here, what, remedy)
        last = site.file.closes or dt.date.max
        # A file may begin on the eve, and after midnight of the last trading day.
        day = dt.timedelta(days=1)
        if not site.file.opens - day <= start.date() <= min(last, dt.date.max - day) + day:
            what = f"the file begins on {start.date()}, when the site is not open"
            remedy = "correct the date, or opens and closes of site.yaml"
            yield Fault(CAMERAS_YAML, here, what, remedy)


def _calibration(camera: Camera, floor: Floor, path: FieldPath) -> Iterator[Fault]:
    if not camera.calibrated:
        return
    here = (*path, "calibration")
    misplaced = list(_misplaced_pairs(camera, floor, here))
    if misplaced:
        yield from misplaced
        return
    try:
        residuals = Homography.fit(camera.calibration).residuals_m
    except CalibrationError as error:
        what, _, remedy = str(error).partition("; ")
        yield Fault(CAMERAS_YAML, here, what, remedy or "measure the pairs again")
        return
    worst = int(np.argmax(residuals))
    if residuals[worst] > LARGEST_RESIDUAL_M:
        what = f"the pair is {residuals[worst]:.2f} m off the plane that fits all pairs best"
        remedy = (
            f"measure it again; {LARGEST_RESIDUAL_M} m is the most allowed, and a pair beside it "
            "may be the wrong one"
        )
        yield Fault(CAMERAS_YAML, (*here, worst), what, remedy)


def _misplaced_pairs(camera: Camera, floor: Floor, here: FieldPath) -> Iterator[Fault]:
    outline = geometry.as_points(floor.outline)
    low, high = outline.min(axis=0) - _FAR_OUTSIDE_M, outline.max(axis=0) + _FAR_OUTSIDE_M
    for index, pair in enumerate(camera.calibration):
        if pixel_outside(pair.pixel, camera):
            yield _outside_frame(camera, (*here, index, "pixel"))
        if (pair.floor < low).any() or (pair.floor > high).any():
            what = f"the point lies more than {_FAR_OUTSIDE_M:.0f} m outside floor {floor.id}"
            remedy = "give metres in the axes of the floor's outline, x before y"
            yield Fault(CAMERAS_YAML, (*here, index, "floor"), what, remedy)


def _masks(camera: Camera, path: FieldPath) -> Iterator[Fault]:
    for index, mask in enumerate(camera.masks):
        here = (*path, "masks", index)
        if any(pixel_outside(point, camera) for point in mask):
            yield _outside_frame(camera, here)
        elif geometry.crossing_edges(mask):
            what = "the edges of the mask cross"
            yield Fault(CAMERAS_YAML, here, what, "list the corners in order, around the mask")


def _outside_frame(camera: Camera, here: FieldPath) -> Fault:
    width, height = camera.frame
    what = f"the pixel lies outside the frame of {width} x {height}"
    remedy = f"x runs from 0 to {width}, y from 0 to {height}, origin top left"
    return Fault(CAMERAS_YAML, here, what, remedy)


def _shared_exports(site: Site) -> Iterator[Fault]:
    namings = [_naming(camera) for camera in site.cameras]
    # Names that are typical of each camera; none of another may read them.
    typical = [[] if naming is None else list(naming.samples()) for naming in namings]

    def reads(one: int, other: int) -> bool:
        naming = namings[one]
        return naming is not None and any(naming.read(name) is not None for name in typical[other])

    for (first, one), (second, other) in combinations(enumerate(site.cameras), 2):
        if one.id != other.id and (reads(first, second) or reads(second, first)):
            what = f"cameras {one.id} and {other.id} would read the same files"
            remedy = "give each camera a folder, a channel or a part of the file names of its own"
            yield Fault(CAMERAS_YAML, ("cameras", second, "exports"), what, remedy)


def _naming(camera: Camera) -> Naming | None:
    """How the camera's files are named; None where `_exports` says what is wrong with it."""
    try:
        return Naming.of(camera)
    except PatternError:
        return None
