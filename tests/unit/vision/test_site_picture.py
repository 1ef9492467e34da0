"""The floor plan: every entry is on it, and a view is where the camera really looks."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot

from tests.unit.vision.site_directory import FILES, write
from vision.calibration import Homography
from vision.site import geometry
from vision.site.load import load_site
from vision.site.picture import draw_site, field_of_view

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


@pytest.fixture
def site(tmp_path):
    return load_site(write(tmp_path))


def texts(figure):
    return {text.get_text() for axes in figure.axes for text in axes.texts}


def test_each_floor_has_a_panel_and_each_entry_in_metres_its_name(site):
    figure = draw_site(site.on(site.file.opens))

    assert [axes.get_title(loc="left") for axes in figure.axes] == ["floor ground", "floor upper"]
    assert {"shop", "entrance", "cam_a"} <= texts(figure)


def test_what_is_drawn_in_pixels_is_listed_below(site):
    captions = [text for text in texts(draw_site(site.on(site.file.opens))) if "calibrated" in text]

    assert captions == ["cam_b is not calibrated; in its pixels: back_door, window"]


def test_names_do_not_lie_on_one_another(tmp_path):
    zones = "".join(
        f"  - {{id: zone_{n}, kind: corridor, camera: cam_a, floor: ground, "
        f"polygon: [[5, 5], [9, 5], [9, 9], [5, 9]]}}\n"
        for n in range(3)
    )
    site = load_site(
        write(tmp_path, site=FILES["site.yaml"].replace("gates:\n", zones + "gates:\n"))
    )
    figure = draw_site(site.on(site.file.opens))
    figure.canvas.draw()
    boxes = [
        text.get_window_extent()
        for text in figure.axes[0].texts
        if text.get_text().startswith(("zone_", "shop"))
    ]

    assert len(boxes) == 4
    for index, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:index])


def test_pyplot_s_figures_are_left_alone(site):
    before = pyplot.get_fignums()

    draw_site(site.on(site.file.opens))

    assert pyplot.get_fignums() == before


def test_a_camera_that_looks_straight_down_sees_its_frame(site):
    view = field_of_view(site.cameras[0], (-100, -100), (100, 100))

    # 30 px a metre and 60 px of margin on a frame of 720 x 480.
    assert sorted(map(tuple, view.round(6))) == [(-2, -2), (-2, 14), (22, -2), (22, 14)]


def test_a_view_is_cut_at_the_box_and_holds_what_projects_into_the_frame():
    slanted = load_site(EXAMPLES / "caviar").cameras[0]
    low, high = np.array([-4.0, -4.0]), np.array([8.0, 40.0])
    view = field_of_view(slanted, low, high)
    grid = np.stack(np.meshgrid(np.arange(-3.9, 8, 0.5), np.arange(-3.9, 40, 0.5)), -1)
    points = grid.reshape(-1, 2)
    pixels = Homography.fit(slanted.calibration).to_pixels(points)
    seen = np.all((pixels >= 0) & (pixels <= slanted.frame), axis=1)

    assert (view >= low - 1e-9).all()
    assert (view <= high + 1e-9).all()
    assert 0 < seen.sum() < len(seen)
    assert (geometry.contains(view, points) == seen).all()
