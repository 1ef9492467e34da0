"""A floor plan with what is drawn on it: zones, gates, and what each camera sees.

Belongs here: the drawing of a site on one day, one panel per floor. Does not belong here: anything
measured, and where the picture goes. Matplotlib's object interface only, so that a process that
draws elsewhere is left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from vision.calibration import Homography
from vision.site import geometry
from vision.site.labels import Labels
from vision.site.models import Camera, Floor, Gate, SiteDay, Zone

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's palette, which colour-blind people can tell apart.
# Source: M. Okabe and K. Ito, Color Universal Design, 2008.
_ZONE_COLOURS = {
    "store": "#0072B2",
    "frontage": "#56B4E9",
    "corridor": "#999999",
    "display": "#E69F00",
    "queue": "#D55E00",
    "seating": "#009E73",
    "staff": "#CC79A7",
    "exclude": "#000000",
}
_CAMERA_COLOURS = ("#D55E00", "#009E73", "#CC79A7", "#0072B2", "#E69F00", "#56B4E9")
_HATCHES = ("///", "\\\\\\", "...", "xxx", "---", "|||")
_INK, _GATE = "#222222", "#B2182B"
_BEYOND_M = 1.0
_PANEL_INCHES = 11.0
_PLAN_INCHES = 8.5
_MARGIN_INCHES = 0.9
_SCALE_LENGTHS_M = (1, 2, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True, slots=True)
class _View:
    """What one camera sees of its floor, and how it is drawn."""

    camera: Camera
    polygon: geometry.Points
    colour: str
    hatch: str


def draw_site(site_day: SiteDay) -> "Figure":
    """Draw the floor plan of a site as it stands on one day.

    Each floor gets a panel in metres: its outline, zones coloured by kind, gates with an arrow
    towards inside, and the part of the floor in each calibrated camera's frame. Cameras without
    calibration, and shapes in their pixels, are listed below it, since they have no place in
    metres.

    Args:
        site_day: The site on the day to draw.

    Returns:
        A figure of its own; save it with `figure.savefig`.
    """
    from matplotlib.figure import Figure

    floors = site_day.site.file.floors
    heights = [_plan_inches(floor)[1] + _MARGIN_INCHES for floor in floors]
    figure = Figure(figsize=(_PANEL_INCHES, sum(heights) + 0.6), layout="constrained", dpi=130)
    figure.suptitle(f"{site_day.site.file.name}, {site_day.day:%d %B %Y}", fontsize=14, color=_INK)
    panels = figure.subplots(len(floors), 1, squeeze=False, height_ratios=heights)[:, 0]
    for axes, floor in zip(panels, floors, strict=True):
        _draw_floor(axes, floor, site_day)
    return figure


def field_of_view(
    camera: Camera, low: geometry.PointsLike, high: geometry.PointsLike
) -> geometry.Points:
    """The part of the box from `low` to `high`, metres, that lies in the frame of a camera.

    Args:
        camera: A calibrated camera.
        low: Corner of the box with the smallest coordinates.
        high: Corner of the box with the largest coordinates.

    Returns:
        (n, 2) corners of a convex polygon in metres; no rows where the frame misses the box.
    """
    homography = Homography.fit(camera.calibration)
    width, height = camera.frame
    frame = geometry.as_points([(0, 0), (width, 0), (width, height), (0, height)])
    # On the horizon the third row of the homography is zero; below it lies the floor. A sliver is
    # kept away from it, where a pixel spans kilometres.
    *normal, offset = homography.floor_from_pixel[2]
    steepness = float(np.linalg.norm(normal))
    below = geometry.clip_to_half_plane(frame, normal, offset - max(1e-6, steepness))
    if not len(below):
        return below
    return geometry.clip_to_box(homography.to_floor(below), low, high)


def _plan_inches(floor: Floor) -> tuple[float, float]:
    """Width and height of the paper that a floor is drawn on."""
    width, depth = np.ptp(geometry.as_points(floor.outline), axis=0) + 2 * _BEYOND_M
    return _PLAN_INCHES, float(np.clip(_PLAN_INCHES * depth / width, 2.5, 10))


def _draw_floor(axes: "Axes", floor: Floor, site_day: SiteDay) -> None:
    cameras = [c for _, c in sorted(site_day.cameras.items()) if c.floor == floor.id]
    outline = geometry.as_points(floor.outline)
    low, high = outline.min(axis=0) - _BEYOND_M, outline.max(axis=0) + _BEYOND_M
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal")
    axes.set_title(f"floor {floor.id}", loc="left", fontsize=10, color=_INK)
    axes.set_xlabel("x, m", fontsize=8)
    axes.set_ylabel("y, m", fontsize=8)
    axes.tick_params(labelsize=8, color="#BBBBBB")
    for side in axes.spines.values():
        side.set_visible(False)
    axes.fill(*outline.T, facecolor="#FAFAF7", edgecolor=_INK, linewidth=2, zorder=1)
    views = list(_views(cameras, low, high))
    for view in views:
        _draw_view(axes, view)
    labels = Labels(axes, _plan_inches(floor))
    # Gates first: their names must stand beside them, the others may give way.
    for gate in _on_floor(site_day.gates, floor):
        if gate.line is not None:
            _draw_gate(axes, gate, labels)
    for zone in _on_floor(site_day.zones, floor):
        if zone.polygon is not None:
            _draw_zone(axes, zone, labels)
    for view in views:
        _name_view(view, labels, low, high)
    _draw_scale(axes, low, high)
    _draw_legend(axes, views, site_day, floor)
    _caption(axes, cameras, site_day)


def _views(cameras: list[Camera], low: geometry.Points, high: geometry.Points) -> Iterator[_View]:
    calibrated = [camera for camera in cameras if camera.calibrated]
    for camera, colour, hatch in zip(
        calibrated, cycle(_CAMERA_COLOURS), cycle(_HATCHES), strict=False
    ):
        yield _View(camera, field_of_view(camera, low, high), colour, hatch)


def _on_floor(entries: dict[str, Any], floor: Floor) -> list[Any]:
    return [entry for _, entry in sorted(entries.items()) if entry.floor == floor.id]


def _draw_view(axes: "Axes", view: _View) -> None:
    if not len(view.polygon):
        return
    axes.fill(
        *view.polygon.T,
        facecolor="none",
        edgecolor=(*_rgb(view.colour), 0.28),
        hatch=view.hatch,
        linewidth=0,
        zorder=2,
    )
    axes.fill(
        *view.polygon.T,
        facecolor="none",
        edgecolor=view.colour,
        linewidth=1.4,
        linestyle="--",
        zorder=4,
    )


def _name_view(view: _View, labels: Labels, low: geometry.Points, high: geometry.Points) -> None:
    """Write the camera's name where its view begins: just above the frame's lower edge."""
    width, height = view.camera.frame
    homography = Homography.fit(view.camera.calibration)
    (near,) = homography.to_floor(np.array([[width / 2, 0.9 * height]]))
    if np.all(near > low) and np.all(near < high):
        labels.put(view.camera.id, tuple(near), view.colour)


def _draw_zone(axes: "Axes", zone: Zone, labels: Labels) -> None:
    assert zone.polygon is not None
    colour = _ZONE_COLOURS[zone.kind]
    corners = geometry.as_points(zone.polygon)
    axes.fill(
        *corners.T, facecolor=(*_rgb(colour), 0.30), edgecolor=colour, linewidth=1.2, zorder=3
    )
    labels.put(zone.id, geometry.inner_point(corners), _INK)


def _draw_gate(axes: "Axes", gate: Gate, labels: Labels) -> None:
    assert gate.line is not None
    assert gate.inside is not None
    a, b = (np.array(end) for end in gate.line)
    axes.plot(*np.array([a, b]).T, color=_GATE, linewidth=4, solid_capstyle="round", zorder=5)
    middle, along = (a + b) / 2, (b - a) / np.linalg.norm(b - a)
    aside = np.array([-along[1], along[0]])
    aside *= np.sign(geometry.distance_to_line(gate.inside, *gate.line))
    length = 0.07 * max(np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim()))
    axes.annotate(
        "",
        xy=tuple(middle + aside * length),
        xytext=tuple(middle),
        arrowprops={"arrowstyle": "-|>", "color": _GATE, "linewidth": 2},
        zorder=6,
    )
    labels.put(gate.id, tuple(middle), _GATE, aside=-aside)


def _draw_scale(axes: "Axes", low: geometry.Points, high: geometry.Points) -> None:
    """A bar of a round length, about a sixth of the panel, in its lower left corner."""
    wanted = float(max(high - low)) / 6
    wanted = min(wanted, float(high[0] - low[0]) / 2)
    length = max((m for m in _SCALE_LENGTHS_M if m <= wanted), default=_SCALE_LENGTHS_M[0])
    x, y = low[0] + _BEYOND_M, low[1] + 0.45 * _BEYOND_M
    axes.plot([x, x + length], [y, y], color=_INK, linewidth=3, solid_capstyle="butt", zorder=6)
    axes.annotate(
        f"{length} m",
        (x + length, y),
        xytext=(4, 0),
        textcoords="offset points",
        fontsize=8,
        color=_INK,
        va="center",
        zorder=6,
    )


def _draw_legend(axes: "Axes", views: list[_View], site_day: SiteDay, floor: Floor) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    shown = {z.kind for z in _on_floor(site_day.zones, floor) if z.polygon is not None}
    handles: list[Any] = [
        Patch(facecolor=(*_rgb(colour), 0.30), edgecolor=colour, label=kind)
        for kind, colour in _ZONE_COLOURS.items()
        if kind in shown
    ]
    if any(gate.line is not None for gate in _on_floor(site_day.gates, floor)):
        handles.append(Line2D([], [], color=_GATE, linewidth=4, label="gate, arrow to inside"))
    handles += [
        Patch(
            facecolor="none",
            edgecolor=view.colour,
            hatch=view.hatch,
            linestyle="--",
            label=f"view of {view.camera.id}" + ("" if len(view.polygon) else " (none here)"),
        )
        for view in views
    ]
    if handles:
        axes.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(1.01, 1.0),
            frameon=False,
            fontsize=8,
            handleheight=1.4,
        )


def _caption(axes: "Axes", cameras: list[Camera], site_day: SiteDay) -> None:
    lines = []
    for camera in cameras:
        if not camera.calibrated:
            owned = [*site_day.gates_of(camera.id), *site_day.zones_of(camera.id)]
            names = ", ".join(entry.id for entry in owned) or "nothing"
            lines.append(f"{camera.id} is not calibrated; in its pixels: {names}")
    if lines:
        axes.annotate(
            "\n".join(lines),
            (0, 0),
            xycoords="axes fraction",
            xytext=(0, -34),
            textcoords="offset points",
            fontsize=8,
            color=_INK,
            va="top",
            annotation_clip=False,
        )


def _rgb(colour: str) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    return to_rgb(colour)
