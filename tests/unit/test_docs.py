"""What the documents promise: every example in them works."""

import re
from pathlib import Path

import yaml

from tests.unit.vision.exports.recordings import camera_of
from vision.exports.names import Naming
from vision.exports.recorders import RECORDERS
from vision.site.models import RecorderExports

EXPORTS = Path(__file__).resolve().parents[2] / "docs" / "exports.md"


def test_every_recorder_of_the_table_reads_the_name_beside_it():
    rows = re.findall(
        r"`(\{recorder: [^`]*\})` \|[^|]*\| `([^`]*)` \| ([^|]*) \|", EXPORTS.read_text()
    )

    assert [yaml.safe_load(exports)["recorder"] for exports, _, _ in rows] == list(RECORDERS)
    for exports, name, zone in rows:
        asked = RecorderExports.model_validate(yaml.safe_load(exports))
        naming = Naming.of(camera_of(asked))
        assert naming.read(name) is not None
        assert naming.tells_start != (zone == "not in names")
        assert (naming.zone == "UTC") == (zone == "UTC")


def test_every_pattern_that_is_shown_beside_a_name_reads_it():
    shown = re.findall(r"`([^`]*)`(?: of [\w ]*)? is `([^`]*)`", EXPORTS.read_text())

    assert len(shown) == 2
    for name, pattern in shown:
        times = Naming.of(camera_of(pattern)).read(name)
        assert times is not None
        assert times.start is not None
