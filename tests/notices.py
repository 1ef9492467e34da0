"""Notices for sites that tests write or change, and a site with every field that a notice states.

Belongs here: issuing notices; the site, and one change a field.
Does not belong here: tests of notices.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from footfall_dagster.notice import SiteNotice

ISSUED = dt.date(2026, 3, 1)

FILES = {
    "site.yaml": """\
id: mall
name: Test Mall
time_zone: Europe/London
trading_day_start: 04:00
opens: 2026-03-01
closes: 2026-03-31
trading_hours:
  mon: {opens: 09:00, closes: 21:00}
quiet_hours:
  - {begins: 08:00, ends: 09:30, on: [sat, sun]}
settling_minutes: 60
marts_minutes: 240
least_coverage: 0.9
settle_seconds: 120
late_hours: 48
recomputed_days: 500
staff_after_minutes: 120
estimate_gaps: false
floors:
  - id: ground
    outline: [[0, 0], [20, 0], [20, 12], [0, 12]]
  - id: upper
    outline: [[0, 0], [20, 0], [20, 12], [0, 12]]
zones:
  - id: bakery
    valid_from: 2026-03-02
    kind: store
    camera: cam_a
    floor: ground
    polygon: [[5, 5], [9, 5], [9, 9], [5, 9]]
    min_dwell: 5
  - id: books
    kind: store
    camera: cam_a
    floor: ground
    polygon: [[10, 5], [14, 5], [14, 9], [10, 9]]
  - id: kiosk
    kind: store
    camera: cam_a
    floor: ground
    polygon: [[15, 6], [18, 6], [18, 9], [15, 9]]
  - id: front
    kind: frontage
    of: books
    camera: cam_a
    floor: ground
    polygon: [[5, 3], [9, 3], [9, 5], [5, 5]]
  - id: playground
    kind: exclude
    camera: cam_a
    floor: ground
    polygon: [[14, 1], [18, 1], [18, 4], [14, 4]]
  - id: corner
    kind: exclude
    camera: cam_b
    floor: upper
    polygon_px: [[10, 10], [90, 10], [90, 60]]
gates:
  - id: entrance
    valid_from: 2026-03-03
    camera: cam_a
    floor: ground
    leads_from: outside
    line: [[4, 3], [8, 3]]
    inside: [6, 5]
  - id: back_door
    camera: cam_b
    floor: upper
    line_px: [[100, 100], [200, 100]]
    inside_px: [150, 60]
privacy:
  k: 10
  appearance: memory
  opt_out_tag: {dictionary: 4x4_50, id: 3, side_m: 0.2}
  objections: {batch: 6, longest_wait_days: 4, withdraw: week}
  release:
    marts: {zone_visits_hourly: noisy, gate_counts_15min: rounded}
    step: 5
    noise: {epsilon: 1, budget: 3, cells_per_person: 6, pieces_per_person: 2}
  age_gender: {k: 60, smallest_face_px: 64}
  retention:
    recordings: {delete_after_hours: 71}
    detections_hours: 23
    tracks_hours: 22
    trajectories_days: 6
    gate_events_months: 11
    zone_visits_months: 13
    zone_demographics_months: 9
    ingest_years: 8
    marts_years: 5
    run_output_days: 29
    failed_runs_days: 89
notice:
  controller: Test Mall Ltd
  contact: privacy@mall.example
  url: https://mall.example/cameras
  legal_basis: legitimate interests
  data_protection_officer: officer@mall.example
  recipients: our tenants
  authority: the authority of Testland
""",
    "cameras.yaml": """\
cameras:
  - id: cam_a
    valid_from: 2026-02-01
    floor: ground
    exports: cam_a/cam_a_%Y%m%d_%H%M%S.mp4
    frame: [720, 480]
    analysed_fps: 5
    calibration:
      - {pixel: [60, 420], floor: [0, 0]}
      - {pixel: [660, 420], floor: [20, 0]}
      - {pixel: [660, 60], floor: [20, 12]}
      - {pixel: [60, 60], floor: [0, 12]}
    masks: [[[0, 0], [100, 0], [100, 20]]]
  - id: cam_b
    floor: upper
    exports: cam_b/*.mp4
    frame: [320, 240]
    clock:
      starts:
        morning.mp4: 2026-03-02 10:00:00
  - id: cam_c
    floor: ground
    exports: cam_c/cam_c_%Y%m%d_%H%M%S.mp4
    frame: [720, 480]
    calibration:
      - {pixel: [60, 420], floor: [0, 0]}
      - {pixel: [660, 420], floor: [20, 0]}
      - {pixel: [660, 60], floor: [20, 12]}
      - {pixel: [60, 60], floor: [0, 12]}
  - id: cam_d
    floor: ground
    exports: cam_d/*.mp4
    frame: [700, 460]
    calibration: []
    clock:
      starts:
        noon.mp4: 2026-03-02 12:00:00
""",
}


def issue_notice(directory: Path) -> None:
    """Put a notice in force that says what the site in `directory` is configured to do."""
    SiteNotice.of(directory).issue(ISSUED)


def write_site(directory: Path) -> Path:
    """The site whose notice has every field that a notice can state."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        (directory / name).write_text(text)
    return directory


@dataclass(frozen=True)
class Edit:
    """One change to one file.

    Attributes:
        field: That it changes, as `assets.notice.stated` spells it without ids.
        told: How the message names it; the field itself where nothing is given.
        old: What stands once in the file.
        new: What stands there afterwards.
        file: Which one.
    """

    field: str
    old: str
    new: str
    told: str = ""
    file: str = "site.yaml"

    def apply(self, directory: Path) -> None:
        path = directory / self.file
        text = path.read_text()
        assert text.count(self.old) == 1, f"{self.old!r} stands {text.count(self.old)} times"
        path.write_text(text.replace(self.old, self.new))


def _retention(field: str, old: int, new: int) -> Edit:
    return Edit(f"privacy.retention.{field}", f"{field}: {old}", f"{field}: {new}")


_ZONE = "kind: store\n    camera: cam_a\n    floor: ground\n    polygon: [[15, 6]"
CHANGES = (
    Edit("id", "id: mall", "id: centre"),
    Edit("name", "name: Test Mall", "name: Other Mall"),
    Edit("time_zone", "Europe/London", "Europe/Dublin"),
    Edit("trading_day_start", "trading_day_start: 04:00", "trading_day_start: 05:00"),
    Edit("opens", "opens: 2026-03-01", "opens: 2026-02-28"),
    Edit("closes", "closes: 2026-03-31", "closes: 2026-04-30"),
    Edit("quiet_hours", "begins: 08:00", "begins: 08:15"),
    Edit("marts_minutes", "marts_minutes: 240", "marts_minutes: 300"),
    Edit("staff_after_minutes", "staff_after_minutes: 120", "staff_after_minutes: 90"),
    Edit(
        "floors[].id",
        "floors:\n",
        "floors:\n  - {id: roof, outline: [[0, 0], [9, 0], [9, 9]]}\n",
        "floors[roof]",
    ),
    Edit("zones[].id", "id: bakery", "id: pastry", "zones[pastry from 2026-03-02]"),
    Edit(
        "zones[].valid_from",
        "valid_from: 2026-03-02",
        "valid_from: 2026-03-12",
        "zones[bakery from 2026-03-12]",
    ),
    Edit("zones[].kind", "kind: frontage\n    of: books", "kind: display", "zones[front].kind"),
    Edit("zones[].of", "of: books", "of: kiosk", "zones[front].of"),
    Edit("zones[].camera", _ZONE, _ZONE.replace("cam_a", "cam_c"), "zones[kiosk].camera"),
    Edit(
        "zones[].floor",
        "camera: cam_b\n    floor: upper\n    polygon_px",
        "camera: cam_d\n    floor: ground\n    polygon_px",
        "zones[corner].floor",
    ),
    Edit("zones[].polygon", "[18, 4], [14, 4]", "[17, 4], [14, 4]", "zones[playground].polygon"),
    Edit("zones[].polygon_px", "[90, 10], [90, 60]", "[80, 10], [90, 60]", "zones[corner].polygon"),
    Edit("gates[].id", "id: back_door", "id: side_door", "gates[side_door]"),
    Edit(
        "gates[].valid_from",
        "valid_from: 2026-03-03",
        "valid_from: 2026-03-13",
        "gates[entrance from 2026-03-13]",
    ),
    Edit(
        "gates[].camera",
        "camera: cam_a\n    floor: ground\n    leads_from",
        "camera: cam_c\n    floor: ground\n    leads_from",
        "gates[entrance from 2026-03-03].camera",
    ),
    Edit(
        "gates[].floor",
        "id: back_door\n    camera: cam_b\n    floor: upper",
        "id: back_door\n    camera: cam_d\n    floor: ground",
        "gates[back_door].floor",
    ),
    Edit("gates[].leads_from", "leads_from: outside", "leads_from: upper", "].leads_from"),
    Edit("privacy.k", "  k: 10\n", "  k: 20\n"),
    Edit("privacy.appearance", "appearance: memory", 'appearance: "off"'),
    Edit("privacy.opt_out_tag.dictionary", "4x4_50", "5x5_50"),
    Edit("privacy.opt_out_tag.id", "id: 3,", "id: 4,"),
    Edit("privacy.opt_out_tag.side_m", "side_m: 0.2", "side_m: 0.3"),
    Edit("privacy.objections.batch", "batch: 6", "batch: 7"),
    Edit("privacy.objections.longest_wait_days", "wait_days: 4", "wait_days: 5"),
    Edit("privacy.objections.withdraw", "withdraw: week", "withdraw: day"),
    Edit(
        "privacy.release.marts",
        "gate_counts_15min: rounded",
        "gate_counts_15min: withheld",
        "privacy.release.marts.gate_counts_15min",
    ),
    Edit("privacy.release.step", "step: 5", "step: 10"),
    Edit("privacy.release.noise.epsilon", "epsilon: 1,", "epsilon: 1.5,"),
    Edit("privacy.release.noise.budget", "budget: 3", "budget: 4"),
    Edit("privacy.release.noise.cells_per_person", "cells_per_person: 6", "cells_per_person: 5"),
    Edit("privacy.release.noise.pieces_per_person", "per_person: 2}", "per_person: 3}"),
    Edit("privacy.age_gender.k", "k: 60,", "k: 70,"),
    Edit("privacy.age_gender.smallest_face_px", "face_px: 64", "face_px: 65"),
    Edit(
        "privacy.retention.recordings.delete_after_hours",
        "delete_after_hours: 71",
        "delete_after_hours: 70",
    ),
    _retention("detections_hours", 23, 21),
    _retention("tracks_hours", 22, 20),
    _retention("trajectories_days", 6, 5),
    _retention("gate_events_months", 11, 10),
    _retention("zone_visits_months", 13, 12),
    _retention("zone_demographics_months", 9, 8),
    _retention("ingest_years", 8, 7),
    _retention("marts_years", 5, 4),
    _retention("run_output_days", 29, 28),
    _retention("failed_runs_days", 89, 88),
    Edit("notice.controller", "controller: Test", "controller: Other"),
    Edit("notice.contact", "contact: privacy@", "contact: people@"),
    Edit("notice.url", "url: https://mall.example/cameras", "url: https://mall.example/c"),
    Edit("notice.legal_basis", "legal_basis: legitimate", "legal_basis: other"),
    Edit("notice.data_protection_officer", "officer: officer@", "officer: o@"),
    Edit("notice.recipients", "recipients: our", "recipients: their"),
    Edit("notice.authority", "of Testland", "of Elsewhere"),
    Edit("cameras[].id", "id: cam_d", "id: cam_e", "cameras[cam_e]", "cameras.yaml"),
    Edit(
        "cameras[].valid_from",
        "valid_from: 2026-02-01",
        "valid_from: 2026-02-02",
        "cameras[cam_a from 2026-02-02]",
        "cameras.yaml",
    ),
    Edit(
        "cameras[].floor",
        "id: cam_d\n    floor: ground",
        "id: cam_d\n    floor: upper",
        "cameras[cam_d].floor",
        "cameras.yaml",
    ),
    Edit("cameras[].frame", "[320, 240]", "[640, 480]", "cameras[cam_b].frame", "cameras.yaml"),
    Edit(
        "cameras[].calibration",
        "calibration: []",
        "calibration:\n"
        "      - {pixel: [60, 420], floor: [0, 0]}\n"
        "      - {pixel: [660, 420], floor: [20, 0]}\n"
        "      - {pixel: [660, 60], floor: [20, 12]}\n"
        "      - {pixel: [60, 60], floor: [0, 12]}",
        "cameras[cam_d].calibration",
        "cameras.yaml",
    ),
    Edit(
        "cameras[].masks",
        "[100, 0], [100, 20]",
        "[90, 0], [100, 20]",
        "cameras[cam_a from 2026-02-01].masks",
        "cameras.yaml",
    ),
    Edit(
        "cameras[].analysed_fps",
        "analysed_fps: 5\n",
        "analysed_fps: 4\n",
        "cameras[cam_a from 2026-02-01].analysed_fps",
        "cameras.yaml",
    ),
)
"""For each field that a notice states one change to it, and how the failure names it."""

UNSTATED_CHANGES = (
    Edit("trading_hours", "closes: 21:00", "closes: 20:00"),
    Edit("settling_minutes", "settling_minutes: 60", "settling_minutes: 61"),
    Edit("settle_seconds", "settle_seconds: 120", "settle_seconds: 121"),
    Edit("late_hours", "late_hours: 48", "late_hours: 49"),
    Edit("recomputed_days", "recomputed_days: 500", "recomputed_days: 501"),
    Edit("least_coverage", "least_coverage: 0.9", "least_coverage: 0.8"),
    Edit("estimate_gaps", "estimate_gaps: false", "estimate_gaps: true"),
    Edit("zones[].min_dwell", "min_dwell: 5", "min_dwell: 6"),
    Edit("floors[].outline", "ground\n    outline: [[0, 0]", "ground\n    outline: [[-1, 0]"),
    Edit("zones[].polygon", "[9, 9], [5, 9]", "[9, 10], [5, 9]"),
    Edit("gates[].line", "line: [[4, 3]", "line: [[4.5, 3]"),
    Edit("gates[].inside", "inside: [6, 5]", "inside: [6, 6]"),
    Edit("gates[].line_px", "line_px: [[100", "line_px: [[110"),
    Edit("gates[].inside_px", "inside_px: [150", "inside_px: [160"),
    Edit("cameras[].clock", "morning.mp4", "dawn.mp4", file="cameras.yaml"),
    Edit(
        "cameras[].calibration",
        "fps: 5\n    calibration:\n      - {pixel: [60, 420]",
        "fps: 5\n    calibration:\n      - {pixel: [61, 420]",
        file="cameras.yaml",
    ),
    Edit(
        "cameras[].exports",
        "%S.mp4\n    frame: [720, 480]\n    analysed",
        "%S.mkv\n    frame: [720, 480]\n    analysed",
        file="cameras.yaml",
    ),
)
