"""What lies in a folder or a bucket is listed once, as it is, and told by folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from upath import UPath

from footfall_dagster.listing import Tree
from footfall_dagster.store import StorePath, below, within
from tests.unit.odd_places import bucket_of, close, put

FILES = ("a/b/c.txt", "a/b/d.txt", "a/e.txt", "f.txt", "g/h/i/j.txt")


def _folder(tmp_path: Path) -> StorePath:
    return tmp_path


def _bucket(tmp_path: Path) -> StorePath:
    return bucket_of(tmp_path.name)


@pytest.fixture(params=[_folder, _bucket], ids=["folder", "bucket"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> StorePath:
    made: Callable[[Path], StorePath] = request.param
    root = made(tmp_path)
    for name in FILES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def names(root: StorePath, paths: list[StorePath]) -> list[str]:
    return ["/".join(within(path, root)) for path in paths]


def test_a_tree_tells_of_each_folder_what_lies_in_it(root: StorePath) -> None:
    tree = Tree(root)
    there = [entry.path for entry in tree.entries(root)]
    assert names(root, there) == ["a", "f.txt", "g"]
    assert [entry.is_folder for entry in tree.entries(root)] == [True, False, True]
    assert names(root, [entry.path for entry in tree.entries(root / "a")]) == ["a/b", "a/e.txt"]
    assert list(tree.entries(root / "a" / "e.txt")) == list(tree.entries(root / "nowhere")) == []


def test_a_tree_holds_what_lies_there_however_deep(root: StorePath) -> None:
    files = [entry for entry in Tree(root).below(root) if not entry.is_folder]
    assert names(root, [entry.path for entry in files]) == list(FILES)
    assert [entry.size for entry in files] == [len(name) for name in FILES]
    assert {entry.path for entry in files} == {path for path in below(root) if path.is_file()}
    assert names(root, [entry.path for entry in Tree(root).below(root / "g")]) == [
        "g/h",
        "g/h/i",
        "g/h/i/j.txt",
    ]


def test_a_tree_of_nothing_is_empty(root: StorePath) -> None:
    nothing = root / "nothing"
    assert list(Tree(nothing).below(nothing)) == []


def test_what_was_listed_and_is_gone_is_known_to_be_gone(root: StorePath) -> None:
    listed = {"/".join(within(entry.path, root)): entry for entry in Tree(root).below(root)}
    (root / "f.txt").unlink()
    assert {name for name, entry in listed.items() if not entry.is_there} == {"f.txt"}


def test_links_and_pipes_are_neither_files_nor_folders(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    os.mkfifo(tmp_path / "pipe")
    kinds = {one.path.name: (one.is_file, one.is_folder) for one in Tree(tmp_path).below(tmp_path)}
    assert kinds == {"folder": (False, True), "link": (False, False), "pipe": (False, False)}
    assert all(entry.is_there for entry in Tree(tmp_path).below(tmp_path))


@pytest.fixture
def bucket(tmp_path: Path) -> UPath:
    root = bucket_of(tmp_path.name)
    for name in FILES:
        put(root, name, name.encode())
    return root


def test_an_object_may_have_the_name_of_a_folder(bucket: UPath) -> None:
    put(bucket, "a/e.txt/leak", b"leak")
    tree = Tree(bucket)
    inside = [(entry.path.name, entry.is_folder) for entry in tree.entries(bucket / "a")]
    assert inside == [("b", True), ("e.txt", False), ("e.txt", True)]
    assert "a/e.txt/leak" in names(bucket, [entry.path for entry in tree.below(bucket)])


@pytest.mark.parametrize("key", ["a/", "a//e.txt", "/a/e.txt", "f.txt/", "/", "f.txt//"])
def test_an_object_that_no_path_names_hides_nothing(bucket: UPath, key: str) -> None:
    before = list(Tree(bucket).below(bucket))
    put(bucket, key, b"leak")
    tree = Tree(bucket)
    assert list(tree.below(bucket)) == before
    assert [entry.key for entry in tree.nameless.values()] == [f"{bucket.path}/{key}"]


def test_an_empty_object_that_ends_in_a_slash_is_a_folder(bucket: UPath) -> None:
    for key in ("", "a/", "g/h/", "new/"):
        put(bucket, key, b"")
    tree = Tree(bucket)
    assert not tree.nameless
    assert names(bucket, [one.path for one in tree.entries(bucket)]) == ["a", "f.txt", "g", "new"]
    assert [one.is_folder for one in tree.entries(bucket)] == [True, False, True, True]
    marked = [
        one.key.removeprefix(f"{bucket.path}/") for one in tree.below(bucket) if one.is_folder
    ]
    assert marked == ["a/", "", "", "g/h/", "", "new/"]


def test_a_folder_that_may_not_be_listed_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    close(monkeypatch, tmp_path / "a")
    tree = Tree(tmp_path)
    assert tree.unlisted == {tmp_path / "a"}
    assert names(tmp_path, [one.path for one in tree.below(tmp_path)]) == ["a", "b", "b/file"]
    with pytest.raises(PermissionError):
        Tree(tmp_path / "a")


def test_what_has_another_name_by_now_is_come_by_under_that(root: StorePath) -> None:
    tree, met = Tree(root), []
    for entry in tree.below(root):
        if entry.path.name == "e.txt":
            entry.path.rename(root / "a" / "again.txt")
            assert tree.is_gone(entry)
        met.append(entry.path)
    assert names(root, met)[3:6] == ["a/b/d.txt", "a/e.txt", "a/again.txt"]


def test_a_folder_that_changes_each_time_is_none_that_was_looked_at(tmp_path: Path) -> None:
    (tmp_path / "0").touch()
    tree = Tree(tmp_path)
    for entry in tree.entries(tmp_path):
        Path(entry.path).rename(tmp_path / f"{int(entry.path.name) + 1}")
        assert tree.is_gone(entry)
    assert tree.unlisted == {tmp_path}
