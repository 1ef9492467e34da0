"""Buckets that hold any key, in memory, and folders that nobody may list.

Belongs here: what a test cannot make with a path, or as root. Does not belong here: a real store
(`tests.object_store`).
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFile, MemoryFileSystem
from upath import UPath


def bucket_of(name: str) -> UPath:
    """A prefix in memory that is a test's own."""
    return UPath(f"memory://{name}/prefix")


def put(root: UPath, key: str, content: bytes) -> None:
    """Store an object under a key as it is, which may be no path's."""
    root.fs.store[f"{root.path}/{key}"] = MemoryFile(root.fs, key, content)


def as_a_bucket(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Have memory tell of an object where a folder has its name, and keep what is put beside it.

    Returns:
        The metadata of objects, by their keys.
    """
    info, metadata = MemoryFileSystem.info, dict[str, dict[str, str]]()

    def told(files: MemoryFileSystem, path: str, **more: Any) -> Any:
        key = files._strip_protocol(path)
        if key in files.store:
            return {"name": key, "size": files.store[key].size, "type": "file"}
        return info(files, path, **more)

    def kept(files: MemoryFileSystem, key: str) -> dict[str, str]:
        if key not in files.store:
            raise FileNotFoundError(key)
        return metadata.get(key, {})

    monkeypatch.setattr(MemoryFileSystem, "info", told)
    monkeypatch.setattr(MemoryFileSystem, "metadata", kept, raising=False)
    monkeypatch.setattr(MemoryFileSystem, "get_tags", lambda *_: {}, raising=False)
    return metadata


def close(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Have nobody list a folder, root neither, for whom modes do not count."""
    listdir, scandir = os.listdir, os.scandir

    def refusing(ask: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def asked(path: Any = ".") -> Any:
            if not isinstance(path, int) and Path(os.fsdecode(path)) == folder:
                raise PermissionError(13, "Permission denied")
            return ask(path)

        return asked

    monkeypatch.setattr(os, "listdir", refusing(listdir))
    monkeypatch.setattr(os, "scandir", refusing(scandir))
