"""Rules between entries: each mistake is found where it stands, and nothing else is said."""

import pytest

from tests.unit.vision.site_directory import FILES, line_of, problems_after, problems_in, write

SITE, CAMERAS = "site.yaml", "cameras.yaml"
_SHOP = "[[5, 5], [9, 5], [9, 9], [5, 9]]"
_LINE = "[[4, 3], [8, 3]]"
_GROUND = "  - id: ground\n    outline: [[0, 0], [20, 0], [20, 12], [0, 12]]"
_PAIRS = FILES[CAMERAS][FILES[CAMERAS].index("      - {pixel") : FILES[CAMERAS].index("    masks")]
_CROSSED = """\
      - {pixel: [60, 420], floor: [20, 0]}
      - {pixel: [660, 420], floor: [0, 0]}
      - {pixel: [600, 60], floor: [20, 12]}
      - {pixel: [60, 60], floor: [0, 12]}
"""

# file, what is changed, into what, the field, the text that marks its line, part of the remedy
_PATTERN = "cam_a/cam_a_%Y%m%d_%H%M%S.mp4"

BROKEN_RULES = [
    # Dates and hours.
    pytest.param(
        SITE, "closes: 2026-03-31", "closes: 2026-02-28", "closes", "closes: 2026", "swap",
        id="a site that closes before it opens",
    ),
    pytest.param(
        SITE, "opens: 09:00, closes: 21:00", "opens: 21:00, closes: 09:00",
        "trading_hours.mon.closes", "  mon:", "swap", id="hours that close before they open",
    ),
    pytest.param(
        SITE, "closes: 02:00", "closes: 05:00", "trading_hours.fri.closes", "  fri:",
        "trading_day_start", id="a night that lasts into the next trading day",
    ),
    pytest.param(
        SITE, "start: 04:00", "start: 09:30", "trading_hours.mon.opens", "  mon:",
        "set trading_day_start to 09:00 or earlier", id="hours that begin before the trading day",
    ),
    # Ids.
    pytest.param(
        SITE, "id: upper", "id: ground", "floors[1].id", "  - id: ground\n    outline: [[0, 0], [20"
        ", 0], [20, 12], [0, 12]]\nzones", "of its own", id="two floors of one id",
    ),
    pytest.param(
        SITE, "id: window", "id: shop", "zones[1].id", "id: shop\n    kind: frontage",
        "valid_from", id="two zones of one id",
    ),
    pytest.param(
        SITE, "id: back_door", "id: entrance", "gates[1].id",
        "id: entrance\n    camera: cam_b", "valid_from", id="two gates of one id",
    ),
    pytest.param(
        CAMERAS, "id: cam_b", "id: cam_a", "cameras[1].id", "id: cam_a\n    floor: upper",
        "valid_from", id="two cameras of one id",
    ),
    # References.
    pytest.param(
        SITE, "id: shop\n    kind: store\n    camera: cam_a",
        "id: shop\n    kind: store\n    camera: cam_aa", "zones[0].camera", "camera: cam_aa",
        "did you mean cam_a?", id="a zone of an unknown camera",
    ),
    pytest.param(
        SITE, "id: entrance\n    camera: cam_a", "id: entrance\n    camera: door",
        "gates[0].camera", "camera: door", "cam_a, cam_b", id="a gate of an unknown camera",
    ),
    pytest.param(
        SITE, "kind: store\n    camera: cam_a\n    floor: ground",
        "kind: store\n    camera: cam_a\n    floor: grund", "zones[0].floor", "grund",
        "did you mean ground?", id="a zone on an unknown floor",
    ),
    pytest.param(
        CAMERAS, "floor: upper", "floor: uper", "cameras[1].floor", "floor: uper",
        "did you mean upper?", id="a camera on an unknown floor",
    ),
    pytest.param(
        SITE, "id: entrance\n    camera: cam_a\n    floor: ground",
        "id: entrance\n    camera: cam_a\n    floor: upper", "gates[0].floor",
        "floor: upper\n    line: ", "write floor: ground", id="a gate on another floor",
    ),
    pytest.param(
        CAMERAS, "  - id: cam_b", "  - id: cam_b\n    valid_from: 2026-03-10",
        "zones[1].camera", None, "valid_from: 2026-03-10", id="a zone older than its camera",
    ),
    # What leads where, and what is for what.
    pytest.param(
        SITE, "id: entrance\n    camera: cam_a\n    floor: ground",
        "id: entrance\n    leads_from: outsid\n    camera: cam_a\n    floor: ground",
        "gates[0].leads_from", "leads_from: outsid", "did you mean outside?",
        id="a gate that leads from nowhere",
    ),
    pytest.param(
        SITE, "id: entrance\n    camera: cam_a\n    floor: ground",
        "id: entrance\n    leads_from: ground\n    camera: cam_a\n    floor: ground",
        "gates[0].leads_from", "leads_from: ground", "outside, upper",
        id="a gate that leads from its own floor",
    ),
    pytest.param(
        SITE, "id: shop\n    kind: store", "id: shop\n    of: window\n    kind: store",
        "zones[0].of", "of: window", "leave it out", id="a shop that is for something",
    ),
    pytest.param(
        SITE, "kind: frontage", "kind: frontage\n    of: shop", "zones[1].of", "of: shop",
        "nothing of this kind", id="a front of a shop that its camera does not own",
    ),
    # Polygons.
    pytest.param(
        SITE, _SHOP, "[[5, 5], [9, 5], [9, 13], [5, 13]]", "zones[0].polygon", "13]",
        "y 0 to 12", id="a zone outside its floor",
    ),
    pytest.param(
        SITE, _SHOP, "[[5, 5], [9, 9], [9, 5], [5, 9]]", "zones[0].polygon", "[9, 9], [9, 5]",
        "in order", id="a zone like a bow tie",
    ),
    pytest.param(
        SITE, _SHOP, "[[5, 5], [7, 7], [9, 9]]", "zones[0].polygon", "[7, 7]", "not on one line",
        id="a zone without area",
    ),
    pytest.param(
        SITE, _SHOP, "[[5, 5], [9, 5], [9, 9], [5, 5]]", "zones[0].polygon", "[9, 9], [5, 5]",
        "leave the last corner out", id="a zone closed by hand",
    ),
    pytest.param(
        SITE, _SHOP, "[[5, 5], [9, 5], [9, 5], [5, 9]]", "zones[0].polygon[2]",
        "[9, 5], [9, 5]", "leave one", id="a corner given twice",
    ),
    pytest.param(
        SITE, _SHOP, "[[0.1, 0.1], [19, 0.1], [0.1, 12], [19, 11.9]]", "zones[0].polygon", "0.1",
        "in order", id="a large zone that crosses itself",
    ),
    pytest.param(
        SITE, _GROUND, _GROUND.replace("[20, 0], [20, 12]", "[20, 12], [20, 0]"),
        "floors[0].outline", "[20, 12], [20, 0]", "in order", id="a floor that crosses itself",
    ),
    pytest.param(
        SITE, "[[10, 10], [90, 10], [90, 60]]", "[[10, 10], [330, 10], [90, 60]]",
        "zones[1].polygon_px", "330", "0 to 320", id="a pixel zone outside the frame",
    ),
    # Gates.
    pytest.param(
        SITE, _LINE, "[[4, 3], [4, 3]]", "gates[0].line", "[4, 3], [4, 3]", "two different points",
        id="a gate of zero length",
    ),
    pytest.param(
        SITE, "inside: [6, 5]", "inside: [12, 3]", "gates[0].inside", "[12, 3]", "to the side",
        id="an inside in line with its gate",
    ),
    pytest.param(
        SITE, _LINE, "[[4, 3], [24, 3]]", "gates[0].line", "[24, 3]", "x 0 to 20",
        id="a gate that leaves its floor",
    ),
    pytest.param(
        SITE, "[[100, 100], [200, 100]]", "[[100, 100], [200, 241]]", "gates[1].line_px", "241",
        "0 to 240", id="a pixel gate outside the frame",
    ),
    pytest.param(
        SITE, "inside_px: [150, 60]", "inside_px: [150, 100]", "gates[1].inside_px", "[150, 100]",
        "to the side", id="a pixel inside on its gate",
    ),
    pytest.param(
        SITE, "line_px: [[100, 100], [200, 100]]\n    inside_px: [150, 60]",
        "line: [[4, 3], [8, 3]]\n    inside: [6, 5]", "gates[1].line",
        "line: [[4, 3], [8, 3]]\n    inside: [6, 5]\nnotice", "line_px",
        id="a gate in metres of a camera without calibration",
    ),
    pytest.param(
        CAMERAS, _PAIRS, _PAIRS.replace("[0, ", "[-4, ").replace("[20, ", "[2, ").replace(
            "[10, 6]", "[-1, 6]"), "gates[0].line", None, "site picture",
        id="a gate that its camera does not see",
    ),
    # Cameras.
    pytest.param(
        CAMERAS, "[660, 420]", "[760, 420]", "cameras[0].calibration[1].pixel", "760", "0 to 720",
        id="a calibration pixel outside the frame",
    ),
    pytest.param(
        CAMERAS, "floor: [20, 12]", "floor: [2000, 1200]", "cameras[0].calibration[2].floor",
        "2000", "metres", id="a calibration point in centimetres",
    ),
    pytest.param(
        CAMERAS, "floor: [10, 6]", "floor: [13, 6]", "cameras[0].calibration[4]", "[13, 6]",
        "measure it again", id="a calibration pair far off the plane of the others",
    ),
    pytest.param(
        CAMERAS, _PAIRS, _CROSSED, "cameras[0].calibration", "calibration:", "beside its own",
        id="calibration points that are crossed",
    ),
    pytest.param(
        CAMERAS, _PAIRS, _PAIRS.replace("0]}", "A]}").replace("12]}", "0]}").replace(
            "A]}", "12]}"), "cameras[0].calibration", "calibration:", "sign of y",
        id="a calibration that turns the floor over",
    ),
    pytest.param(
        CAMERAS, _PAIRS, "".join(_PAIRS.splitlines(keepends=True)[:3]), "cameras[0].calibration",
        "calibration:", "four or more", id="three calibration pairs",
    ),
    pytest.param(
        CAMERAS, "masks: [[[0, 0], [100, 0], [100, 20]]]",
        "masks: [[[0, 0], [100, 0], [100, 20]], [[0, 0], [9, 0], [9, 481]]]", "cameras[0].masks[1]",
        "masks", "0 to 480", id="a mask outside the frame",
    ),
    pytest.param(
        CAMERAS, "masks: [[[0, 0], [100, 0], [100, 20]]]",
        "masks: [[[0, 0], [100, 20], [100, 0], [0, 20]]]", "cameras[0].masks[0]", "masks",
        "in order", id="a mask that crosses itself",
    ),
    # Files of a camera.
    pytest.param(
        CAMERAS, "cam_a/cam_a_%Y%m%d_%H%M%S.mp4", "/nvr/a_%Y%m%d_%H%M%S.mp4",
        "cameras[0].exports", "/nvr", "relative", id="an absolute pattern",
    ),
    pytest.param(
        CAMERAS, "cam_a/cam_a_%Y%m%d_%H%M%S.mp4", "../a_%Y%m%d_%H%M%S.mp4",
        "cameras[0].exports", "../a", "without ..", id="a pattern that climbs out",
    ),
    pytest.param(
        CAMERAS, "cam_a/cam_a_%Y%m%d_%H%M%S.mp4", r"a\a_%Y%m%d_%H%M%S.mp4",
        "cameras[0].exports", "a\\a", "with /", id="a pattern with backslashes",
    ),
    pytest.param(
        CAMERAS, "%Y%m%d_%H%M%S", "%y%m%d_%H%M%S", "cameras[0].exports", "%y", "%Y %m %d",
        id="a part of a date that is not known",
    ),
    pytest.param(
        CAMERAS, "%Y%m%d_%H%M%S", "%Y%m%d_%H%M", "cameras[0].exports", "%H%M.", "clock.starts",
        id="a pattern that leaves the seconds out",
    ),
    pytest.param(
        CAMERAS, "cam_a/cam_a_%Y%m%d_%H%M%S.mp4", "cam_b/*.mp4\n    clock: {starts: {a.mp4: "
        "2026-03-02 10:00:00}}", "cameras[1].exports", "cam_b/*.mp4\n    frame: [320",
        "of its own", id="two cameras that read the same files",
    ),
    pytest.param(
        CAMERAS, "%Y%m%d_%H%M%S", "%Y%m%d_%H%M%S-{end:%Y%H%M}", "cameras[0].exports", "{end:",
        "{end:%H%M%S}", id="a pattern whose end has half a date",
    ),
    pytest.param(
        CAMERAS, "%Y%m%d_%H%M%S", "%Y%m%d_%H%M%S_{serial}", "cameras[0].exports", "{serial}",
        "{end:...}", id="a field that is not known",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "{recorder: frigate}", "cameras[0].exports", "frigate",
        "Frigate's name of the camera, as in 2026-06-15/14/front_door/30.45.mp4",
        id="a recorder that needs a channel and has none",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "{recorder: frigat, channel: hall}", "cameras[0].exports.recorder",
        "frigat", "did you mean frigate?", id="a recorder that is not known",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "{recorder: frigate, chanel: hall}", "cameras[0].exports.chanel",
        "chanel", "did you mean channel?", id="a field that a recorder has not",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "{channel: hall}", "cameras[0].exports.recorder", "hall",
        "recorder: frigate", id="a mapping that names no recorder",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "{recorder: frigate, channel: 7}", "cameras[0].exports.channel",
        "channel: 7", "quotes", id="a channel that is a number",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "{recorder: frigate, channel: a/hall}", "cameras[0].exports.channel",
        "a/hall", "in folder", id="a channel with a folder in it",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "{recorder: onvif, folder: /nvr}", "cameras[0].exports.folder",
        "/nvr", "relative", id="a recorder in an absolute folder",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "{recorder: frigate, folder: 'nvr_%Y', channel: hall}",
        "cameras[0].exports", "nvr_%Y", "pattern of your own", id="a recorder in a dated folder",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "[cam_a]", "cameras[0].exports", "[cam_a]", "cam_entrance_%Y",
        id="a list of patterns",
    ),
    pytest.param(
        CAMERAS, _PATTERN, "{recorder: onvif, folder: cam_b}", "cameras[1].exports",
        "cam_b/*.mp4", "of its own", id="a recorder in the folder of another camera",
    ),
    pytest.param(
        CAMERAS, "morning.mp4:", "cam_b/morning.mp4:",
        "cameras[1].clock.starts.cam_b/morning.mp4", "cam_b/morning", "without folders",
        id="a start given for a path",
    ),
    pytest.param(
        CAMERAS, "morning.mp4:", "morning.avi:", "cameras[1].clock.starts.morning.avi",
        "morning.avi", "cam_b/*.mp4", id="a start given for a file that is never read",
    ),
    pytest.param(
        CAMERAS, "2026-03-02 10:00:00", "2025-03-02 10:00:00",
        "cameras[1].clock.starts.morning.mp4", "2025", "correct the date",
        id="a start before the site opens",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "field", "mark", "remedy"), BROKEN_RULES)
def test_a_broken_rule(tmp_path, file, old, new, field, mark, remedy):
    problems = problems_after(tmp_path, file, old, new)

    found = next((problem for problem in problems if problem.field == field), None)
    assert found is not None, [str(problem) for problem in problems]
    assert remedy in found.remedy
    if mark is not None:
        assert found.file == file
        assert found.line == line_of(FILES[file].replace(old, new), mark)


@pytest.mark.parametrize(
    ("cam_a", "cam_b", "shared"),
    [
        ("{recorder: frigate, channel: hall}", "{recorder: frigate, channel: door}", False),
        ("{recorder: frigate, channel: hall}", "{recorder: frigate, channel: hall}", True),
        ("{recorder: frigate, channel: hall}", "'%Y-%m-%d/%H/hall/%M.%S.{mkv|mp4}'", True),
        ("{recorder: axis}", "{recorder: axis, channel: B8A44F292D8D}", True),
        ("{recorder: axis, folder: a}", "{recorder: axis, folder: b}", False),
        ("{recorder: hikvision, channel: ch01}", "{recorder: hikvision, channel: ch011}", False),
        ("{recorder: plain, channel: a_}", "{recorder: plain, channel: b_}", False),
        ("a*_%s.mp4", "ab*_%s.mp4", True),
    ],
)
def test_cameras_of_one_recorder_are_told_apart(tmp_path, cam_a, cam_b, shared):
    cameras = FILES[CAMERAS].replace(_PATTERN, cam_a).replace("cam_b/*.mp4", cam_b)
    cameras = cameras.partition("    clock:")[0]

    problems = problems_in(write(tmp_path, cameras=cameras))

    assert [problem.field for problem in problems] == ["cameras[1].exports"] * shared


def test_a_site_that_never_trades(tmp_path):
    hours = "\n  mon: {opens: 09:00, closes: 21:00}\n  fri: {opens: 10:00, closes: 02:00}"

    (problem,) = problems_after(tmp_path, SITE, hours, " {}")

    assert (problem.field, problem.what) == ("trading_hours", "the site never trades")


def test_a_mistake_that_lasts_for_several_versions_is_said_once(tmp_path):
    gates = FILES[SITE].replace(
        "notice:",
        "  - id: third\n    valid_from: 2026-03-20\n    camera: cam_a\n    floor: ground\n"
        f"    line: {_LINE}\n    inside: [6, 5]\nnotice:",
    )
    site = gates.replace(_SHOP, "[[5, 5], [9, 5], [9, 13], [5, 13]]")

    (problem,) = problems_in(write(tmp_path, site=site))

    assert problem.field == "zones[0].polygon"


def test_each_version_of_an_entry_is_judged_with_the_camera_of_its_time(tmp_path):
    cameras = FILES[CAMERAS] + (
        "  - id: cam_b\n    valid_from: 2026-03-20\n    floor: ground\n"
        "    exports: cam_b/*.mp4\n    frame: [320, 240]\n"
        "    clock: {starts: {evening.mp4: 2026-03-21 18:00:00}}\n"
    )

    problems = problems_in(write(tmp_path, cameras=cameras))

    assert [problem.field for problem in problems] == ["zones[1].floor", "gates[1].floor"]
    assert "cam_b sees floor ground, not upper" in problems[0].what


def test_an_entry_that_was_replaced_before_opening_day_is_not_judged(tmp_path):
    site = FILES[SITE].replace(
        "notice:",
        "  - id: entrance\n    valid_from: 2026-02-01\n    camera: cam_a\n    floor: ground\n"
        "    line: [[4, 3], [8, 3]]\n    inside: [6, 5]\nnotice:",
    )
    old = site.replace(
        "    inside: [6, 5]\n  - id: back_door", "    inside: [6, 3]\n  - id: back_door"
    )

    assert problems_in(write(tmp_path, site=old)) == ()
