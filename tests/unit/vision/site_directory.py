"""A small valid site directory, and what is wrong with it after one change."""

from pathlib import Path

from vision.site.load import Problem, SiteFileError, load_site

FILES = {
    "site.yaml": """\
id: arcade
name: Test Arcade
time_zone: Europe/London
trading_day_start: 04:00
opens: 2026-03-01
closes: 2026-03-31
trading_hours:
  mon: {opens: 09:00, closes: 21:00}
  fri: {opens: 10:00, closes: 02:00}
floors:
  - id: ground
    outline: [[0, 0], [20, 0], [20, 12], [0, 12]]
  - id: upper
    outline: [[0, 0], [20, 0], [20, 12], [0, 12]]
zones:
  - id: shop
    kind: store
    camera: cam_a
    floor: ground
    polygon: [[5, 5], [9, 5], [9, 9], [5, 9]]
  - id: window
    kind: frontage
    camera: cam_b
    floor: upper
    polygon_px: [[10, 10], [90, 10], [90, 60]]
gates:
  - id: entrance
    camera: cam_a
    floor: ground
    line: [[4, 3], [8, 3]]
    inside: [6, 5]
  - id: back_door
    camera: cam_b
    floor: upper
    line_px: [[100, 100], [200, 100]]
    inside_px: [150, 60]
notice:
  controller: Test Arcade Ltd
  contact: privacy@example.com
""",
    # cam_a looks straight down: 30 px a metre, 60 px of margin.
    "cameras.yaml": """\
cameras:
  - id: cam_a
    floor: ground
    exports: cam_a/cam_a_%Y%m%d_%H%M%S.mp4
    frame: [720, 480]
    calibration:
      - {pixel: [60, 420], floor: [0, 0]}
      - {pixel: [660, 420], floor: [20, 0]}
      - {pixel: [660, 60], floor: [20, 12]}
      - {pixel: [60, 60], floor: [0, 12]}
      - {pixel: [360, 240], floor: [10, 6]}
    masks: [[[0, 0], [100, 0], [100, 20]]]
  - id: cam_b
    floor: upper
    exports: cam_b/*.mp4
    frame: [320, 240]
    clock:
      starts:
        morning.mp4: 2026-03-02 10:00:00
""",
}


def write(directory: Path, **changed: str) -> Path:
    """Write both files; `site` and `cameras` replace the text of one."""
    for name, valid in FILES.items():
        text = changed.get(name.removesuffix(".yaml"), valid)
        (directory / name).write_text(text, encoding="utf-8")
    return directory


def problems_after(directory: Path, file: str, old: str, new: str) -> tuple[Problem, ...]:
    """What `load_site` says once `old`, which stands once in `file`, reads `new`."""
    text = FILES[file]
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    write(directory)
    (directory / file).write_text(text.replace(old, new), encoding="utf-8")
    return problems_in(directory)


def problems_in(directory: Path) -> tuple[Problem, ...]:
    """What `load_site` says about a directory; nothing where it loads."""
    try:
        load_site(directory)
    except SiteFileError as error:
        return error.problems
    return ()


def line_of(text: str, fragment: str) -> int:
    """The line, from 1, on which `fragment` first stands in `text`."""
    return text[: text.index(fragment)].count("\n") + 1
