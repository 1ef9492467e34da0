"""Who stands in an excluded zone is painted over from head to foot, in every view of it."""

import numpy as np
import pytest

from tests.unit.vision.simulated import DAY, arcade
from vision.masking import blank
from vision.pinhole import Pinhole, PoseError
from vision.site.models import Camera, SiteDay, Zone
from vision.unseen import unseen

PRAYER_ROOM = ((2.0, 4.0), (4.0, 4.0), (4.0, 6.0), (2.0, 6.0))


def with_zone(**fields: object) -> tuple[SiteDay, Camera]:
    """The arcade with one zone more, as its entrance camera sees it."""
    site_day = arcade()
    of_zone = {"camera": "cam_entrance", "floor": "ground", "kind": "exclude", **fields}
    zone = Zone.model_validate({"id": "kept_out", **of_zone})
    site = site_day.site
    file = site.file.model_copy(update={"zones": (*site.file.zones, zone)})
    made = site.model_copy(update={"file": file}).on(DAY)
    return made, made.cameras["cam_entrance"]


def painted(site_day: SiteDay, camera: Camera) -> np.ndarray:
    """Which pixels are painted over, (height, width)."""
    width, height = camera.frame
    white = np.full((height, width, 3), 255, np.uint8)
    return (blank(white, unseen(site_day, camera)) != 255).any(axis=2)


def seen(camera: Camera, painted: np.ndarray, *points: tuple[float, float, float]) -> list[bool]:
    """Whether each point, metres, is in the picture and not painted over."""
    pixels = np.round(Pinhole.of(camera).project(np.array(points))[:, :2]).astype(int)
    return [not painted[y, x] for x, y in pixels]


def test_somebody_in_an_excluded_zone_is_hidden_from_head_to_foot():
    site_day, camera = with_zone(polygon=PRAYER_ROOM)
    hidden = painted(site_day, camera)
    heights = (0.05, 0.6, 1.2, 1.8)
    inside = [(x, y, z) for x in (2.1, 3.0, 3.9) for y in (4.3, 5.9) for z in heights]
    assert not any(seen(camera, hidden, *inside))
    # Beside it, out of line with it, nothing is.
    assert all(seen(camera, hidden, *[(7.0, 6.0, z) for z in heights]))
    assert 0.01 < hidden.mean() < 0.5


def test_another_camera_of_the_floor_does_not_see_them_either():
    site_day, _ = with_zone(polygon=((15.0, 6.0), (17.0, 6.0), (17.0, 8.0), (15.0, 8.0)))
    other = site_day.cameras["cam_shops"]
    assert not any(seen(other, painted(site_day, other), (16.0, 7.0, 0.1), (16.0, 7.0, 1.7)))


def test_a_zone_of_another_kind_or_floor_hides_nothing():
    for fields in ({"kind": "seating"}, {"floor": "upper"}):
        assert unseen(*with_zone(polygon=PRAYER_ROOM, **fields)) == ()


def test_a_zone_that_reaches_behind_the_camera_hides_what_is_before_it():
    site_day, camera = with_zone(polygon=((0.0, -30.0), (10.0, -30.0), (10.0, 6.0), (0.0, 6.0)))
    hidden = painted(site_day, camera)
    assert not any(seen(camera, hidden, (4.0, 5.0, 0.0), (4.0, 5.0, 1.9)))
    assert not hidden.all()


def test_masks_come_first_and_a_zone_in_pixels_hides_its_polygon():
    square = ((10.0, 10.0), (60.0, 10.0), (60.0, 60.0), (10.0, 60.0))
    site_day, camera = with_zone(polygon_px=square)
    masked = camera.model_copy(update={"masks": (square[:3],)})
    assert unseen(site_day, masked) == (square[:3], square)
    assert unseen(site_day, site_day.cameras["cam_shops"]) == ()


def test_where_no_camera_fits_the_floor_is_hidden(monkeypatch: pytest.MonkeyPatch):
    def none(_camera: Camera) -> Pinhole:
        raise PoseError("none fits")

    site_day, camera = with_zone(polygon=PRAYER_ROOM)
    with monkeypatch.context() as patch:
        patch.setattr(Pinhole, "of", none)
        hidden = painted(site_day, camera)
    assert seen(camera, hidden, (3.0, 5.0, 0.0), (3.0, 5.0, 1.8)) == [False, True]
