"""What lies in a folder or a bucket is listed once, as it is, and told by folder."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from upath import UPath

from footfall_dagster.listing import Tree
from footfall_dagster.store import StorePath, below, within

FILES = ("a/b/c.txt", "a/b/d.txt", "a/e.txt", "f.txt", "g/h/i/j.txt")


def _folder(tmp_path: Path) -> StorePath:
    return tmp_path


def _bucket(tmp_path: Path) -> StorePath:
    return UPath(f"memory://{tmp_path.name}/prefix")


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
    assert tree.entries(root / "a" / "e.txt") == tree.entries(root / "nowhere") == []


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
    assert Tree(nothing).below(nothing) == []


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
