"""No name and no link leads out of the folder of recordings."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.exports.root import leaves, stays


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder of recordings, with a file outside it."""
    root = tmp_path / "recordings"
    (root / "cam").mkdir(parents=True)
    (root / "cam" / "clip.mp4").touch()
    (tmp_path / "secret.mp4").touch()
    (tmp_path / "recordings_2").mkdir()
    (tmp_path / "recordings_2" / "clip.mp4").touch()
    return root


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../secret.mp4", "cam/../../secret.mp4", "cam\\clip.mp4", "cam/\0.mp4"]
)
def test_a_name_that_leaves_is_refused(root: Path, name: str) -> None:
    assert leaves(root, name)
    assert not stays(name)


@pytest.mark.parametrize(
    "target", ["../../secret.mp4", "../../recordings_2/clip.mp4", "/etc/passwd", "nowhere", "a.mp4"]
)
def test_a_link_that_leads_out_or_nowhere_is_refused(root: Path, target: str) -> None:
    (root / "cam" / "a.mp4").symlink_to(target)
    assert leaves(root, "cam/a.mp4")


def test_a_folder_that_is_a_link_out_is_refused(root: Path) -> None:
    (root / "cam2").symlink_to(root.parent / "recordings_2")
    assert leaves(root, "cam2/clip.mp4")


def test_what_stays_inside_is_taken(root: Path) -> None:
    (root / "cam" / "b.mp4").symlink_to("clip.mp4")
    (root / "cam2").symlink_to("cam")
    assert not leaves(root, "cam/clip.mp4")
    assert not leaves(root, "cam/b.mp4")
    assert not leaves(root, "cam2/clip.mp4")


def test_the_folder_of_recordings_may_be_a_link_itself(root: Path) -> None:
    elsewhere = root.parent / "mounted"
    elsewhere.symlink_to(root)
    assert not leaves(elsewhere, "cam/clip.mp4")


@given(st.text(max_size=30))
def test_no_name_is_too_much(name: str) -> None:
    leaves(Path("/tmp"), name)
