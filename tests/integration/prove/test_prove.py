"""Non-interference of a simulated day, other people walking the same ways, and what is refused."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from footfall_dagster.cli import main
from footfall_dagster.jobs import CAMERA_DAY
from footfall_dagster.privacy.noninterference.disguise import REFERENCE, Pixels
from footfall_dagster.privacy.prove import NotProvable, prove
from footfall_dagster.settings import Settings
from tests.integration.prove.corner_shop import DAY, Scripted, open_shop
from vision.simulate.api import simulate
from vision.site.load import load_site

ARCADE = Path("examples/arcade")
WALKED = {"minutes": 0.3, "people_per_minute": 30.0, "fps": 5}


@pytest.mark.long
def test_other_people_who_walk_the_same_ways_leave_the_same(tmp_path: Path, weights: Path) -> None:
    """The real detector, the real pipeline, each run in a process of its own."""
    site_day = load_site(ARCADE).on(DAY)
    mine = simulate(site_day, tmp_path / "mine", **WALKED)  # type: ignore[arg-type]
    others = simulate(site_day, tmp_path / "others", cast=7, **WALKED)  # type: ignore[arg-type]
    assert mine.crossings == others.crossings
    settings = Settings(site=ARCADE, home=tmp_path / "var", recordings=mine.out, weights=weights)
    proof = prove(settings, DAY, ["cam_entrance"], draws=1, others=others.out, say=click.echo)
    assert proof.evidence.passed, proof.evidence
    again, other = proof.runs
    assert (again, other.pixels) == (REFERENCE, Pixels.OTHERS)
    # Where nobody is in view both show the same empty arcade.
    assert proof.changed[0] == 0
    assert proof.changed[1] > proof.frames / 2
    assert proof.boxes > 100
    rows = {line.group: line.rows for line in proof.table}
    assert rows["lake/anonymised_trajectories"] > 20
    assert rows["lake/gate_events"] > 0


@pytest.mark.parametrize(
    ("privacy", "reason"),
    [("  appearance: memory\n", "compares people's appearance"), ("  age_gender: {}\n", "guesses")],
    ids=["appearance", "age and gender"],
)
def test_it_is_not_claimed_of_a_site_that_looks_at_people(
    privacy: str, reason: str, tmp_path: Path
) -> None:
    settings = open_shop(tmp_path, privacy)
    with pytest.raises(NotProvable, match=reason):
        prove(settings, DAY, detector=Scripted(), apart=False)
    assert not settings.home.exists()


def test_recordings_with_other_frames_are_no_recordings_of_other_people(tmp_path: Path) -> None:
    settings = open_shop(tmp_path)
    shorter = tmp_path / "others" / "cam_door" / "20260314_100000.mp4"
    shorter.parent.mkdir(parents=True)
    whole = settings.recordings / "cam_door" / shorter.name
    import av

    with av.open(str(whole)) as source, av.open(str(shorter), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.size]
        for packet in packets[: len(packets) // 2]:
            packet.stream = stream
            target.mux(packet)
    said: list[str] = []
    proof = prove(
        settings,
        DAY,
        detector=Scripted(),
        others=tmp_path / "others",
        draws=1,
        jobs=(CAMERA_DAY,),
        apart=False,
        say=said.append,
    )
    assert not proof.evidence.passed
    assert any("render both with the same arguments" in line for line in said)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--day", "2026-03-13"], "2026-03-13 is no trading day of corner"),
        (["--day", "2026-03-14", "--camera", "cam_roof"], "it has cam_door"),
    ],
    ids=["a day on which the site is closed", "a camera that is not there"],
)
def test_the_command_says_what_cannot_be_proved(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = open_shop(tmp_path)
    for name in ("site", "home", "recordings"):
        monkeypatch.setenv(f"FOOTFALL_{name.upper()}", str(getattr(settings, name)))
    told = CliRunner().invoke(main, ["privacy", "prove", *arguments])
    assert told.exit_code == 1
    assert message in told.output


def test_the_command_says_where_no_recording_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = open_shop(tmp_path)
    for path in settings.recordings.rglob("*.mp4"):
        path.unlink()
    with pytest.raises(NotProvable, match="without frames nothing can be shown"):
        prove(settings, DAY, detector=Scripted(), apart=False)
