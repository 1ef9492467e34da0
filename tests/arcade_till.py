"""The arcade with a till in its south, a line before it, and a room for those who work there.

Belongs here: the site. Does not belong here: its days (`tests.arcade_fortnight`).
"""

import datetime as dt
from pathlib import Path

import numpy as np

from vision.site.audits import Audit
from vision.site.hours import WEEKDAYS, Hours
from vision.site.load import load_site
from vision.site.models import CalibrationPair, Camera, Site, Zone

ARCADE = Path(__file__).resolve().parents[1] / "examples" / "arcade"
FIRST, LAST = dt.date(2026, 3, 9), dt.date(2026, 3, 22)
OPENS, CLOSES = dt.time(10), dt.time(12)
FLOOR = "ground"

_ZONES = (
    Zone(
        id="till_line",
        kind="queue",
        camera="cam_till",
        floor=FLOOR,
        polygon=((11, 0.95), (17, 0.95), (17, 2.65), (11, 2.65)),
        min_dwell=3,
        of="till",
    ),
    # Where people stand who are being served.
    Zone(
        id="till",
        kind="seating",
        camera="cam_till",
        floor=FLOOR,
        polygon=((17, 0.95), (18.2, 0.95), (18.2, 2.65), (17, 2.65)),
        min_dwell=3,
    ),
    Zone(
        id="back_room",
        kind="staff",
        camera="cam_till",
        floor=FLOOR,
        polygon=((18.6, 0.4), (22, 0.4), (22, 3.2), (18.6, 3.2)),
    ),
)

_AUDITS = tuple(
    Audit(gate=gate, starts=starts, minutes=10, entries=entries, exits=exits)
    for gate, starts, entries, exits in (
        # Nearly what is true where 72 people come on a weekday.
        ("entrance", dt.datetime(2026, 3, 9, 10, 40), 14, 13),
        ("entrance", dt.datetime(2026, 3, 9, 10, 50), 11, 7),
        ("entrance", dt.datetime(2026, 3, 9, 11, 0), 8, 10),
        ("bakery_door", dt.datetime(2026, 3, 10, 10, 40), 7, 6),
        ("books_door", dt.datetime(2026, 3, 9, 11, 0), 3, 4),
        # What could not be decoded is nothing to compare with.
        ("entrance", dt.datetime(2026, 3, 12, 10, 50), 4, 10),
        ("entrance", dt.datetime(2026, 3, 12, 11, 0), 15, 4),
    )
)


def site(**more_of_site_file: object) -> Site:
    """The arcade with a till in its south, open for two hours on each day of two weeks."""
    arcade = load_site(ARCADE)
    file = arcade.file.model_copy(
        update={
            "opens": FIRST,
            "closes": LAST,
            "trading_hours": dict.fromkeys(WEEKDAYS, Hours(opens=OPENS, closes=CLOSES)),
            "zones": (*arcade.file.zones, *_ZONES),
            **more_of_site_file,
        }
    )
    return Site(file=file, cameras=(*arcade.cameras, _till_camera()), audits=_AUDITS)


def _till_camera() -> Camera:
    """A camera below the ceiling between the shops, which looks south on line and till."""
    centre, pitch, focal, frame = np.array([16.0, 7.7, 3.4]), np.radians(32), 300.0, (640, 360)
    towards = np.array([0.0, -np.cos(pitch), -np.sin(pitch)])
    right = np.array([-1.0, 0.0, 0.0])
    turn = np.vstack([right, np.cross(towards, right), towards])
    lens = np.array([[focal, 0, frame[0] / 2], [0, focal, frame[1] / 2], [0, 0, 1]])
    matrix = lens @ np.column_stack([turn, -turn @ centre])
    marks = [(11.0, 1.0), (22.0, 1.0), (12.0, 3.5), (20.0, 3.5), (14.0, 5.0), (17.0, 2.0)]
    pairs = []
    for x, y in marks:
        u, v, w = matrix @ np.array([x, y, 0, 1])
        pairs.append(CalibrationPair(pixel=(u / w, v / w), floor=(x, y)))
    return Camera(
        id="cam_till",
        floor=FLOOR,
        exports="cam_till/cam_till_%Y%m%d_%H%M%S.mp4",
        frame=frame,
        analysed_fps=5,
        calibration=tuple(pairs),
    )
