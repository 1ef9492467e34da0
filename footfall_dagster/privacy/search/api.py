"""A search of folders: every file handed to a process that reads, and what it answers gathered.

Belongs here: the walk, the process's life and time, naming files without quoting them. Does not
belong here: reading any file (`worker`).
"""

import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.privacy.search import files
from footfall_dagster.privacy.search.account import UNREAD
from footfall_dagster.privacy.search.limits import DEFAULT, Limits
from footfall_dagster.privacy.search.worker import SMALL
from footfall_dagster.store import StorePath, within, words

CHECK = "search"
_TOGETHER = 4096
LINK, SPECIAL = "link", "no plain file"
_PLAIN = re.compile(
    r"[a-z][a-z_.-]{0,40}(?:=[a-z0-9_-]{1,40})?|part\.parquet|\d{4}-\d\d-\d\d(?:\.html)?"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.db)?"
)


def search(
    roots: Mapping[str, StorePath],
    limits: Limits = DEFAULT,
    leave_out: Collection[StorePath] = (),
    reader: "Reader | None" = None,
) -> Evidence:
    """Look through every file below the roots for pictures and vectors, knowing no contract.

    Args:
        roots: Folders or files to search, by the names under which findings tell of them.
        limits: What may be spent on one file.
        leave_out: Folders and files below the roots that are not searched, because they lie left
            of the wall or hold numbers by right.
        reader: The process that reads, where it serves several searches; `limits` are then its
            own, and what it found clean in one it does not look into again in the next.

    Returns:
        What was looked at, found and not read. A link is not followed but found: what it leads to
        is either searched as well or is not ours.
    """
    began = time.monotonic()
    left_out = {path.absolute() for path in leave_out}
    looked = _Looked()
    with nullcontext(reader) if reader else Reader(limits) as asked:
        for name, root in roots.items():
            if not root.exists() and not root.is_symlink():
                looked.miss(name, "root", "is not there")
                continue
            whole = root.absolute()
            met = list(files.walk(whole, left_out))
            for one in met:
                _look(one, whole, _shown(name, whole, one.path), asked, looked)
            names = list(files.names(whole, met, left_out)) if whole.is_dir() else []
            _look_together(name, names, met, asked, looked)
    return Evidence(
        check=CHECK,
        scope=", ".join(roots),
        files=looked.files,
        bytes=looked.bytes,
        rows=looked.rows,
        seconds=round(time.monotonic() - began, 3),
        findings=tuple(looked.findings),
        unread=tuple(looked.unread),
    )


class _Looked:
    """What all files came to."""

    def __init__(self) -> None:
        self.files = self.bytes = self.rows = 0
        self.findings: list[Finding] = []
        self.unread: list[Finding] = []

    def add(self, shown: str, answer: dict[str, Any]) -> None:
        self.files += 1
        self.take(shown, answer)

    def take(self, shown: str, answer: dict[str, Any]) -> None:
        self.bytes += answer["bytes"]
        self.rows += answer["rows"]
        for place, kind, sure in answer["found"]:
            self.findings.append(Finding(shown, place, kind, sure))
        for place, why in answer["unread"]:
            self.miss(shown, place, why)

    def miss(self, shown: str, place: str, why: str) -> None:
        self.unread.append(Finding(shown, place, why, 1.0))


def _look(met: files.Met, root: StorePath, shown: str, reader: "Reader", looked: _Looked) -> None:
    path = met.path
    if met.is_unlisted:
        looked.miss(shown, "folder", UNREAD)
        return
    try:
        regular, link = met.is_regular, met.is_link
    except FileNotFoundError:
        return
    if link and _leads_to_settings(path):
        looked.add(shown, reader.ask(path.resolve(), path.name))
    elif not regular:
        looked.findings.append(Finding(shown, "file", LINK if link else SPECIAL, 0.5))
    else:
        name = "/".join(within(path, root)) or path.name
        looked.add(shown, reader.ask(path, name, met.size))


def _look_together(
    shown: str, names: list[bytes], met: list[files.Met], reader: "Reader", looked: _Looked
) -> None:
    """Small files of a root as one, some thousands at a time, and all names in it."""
    small = [{**words(one.path), "size": one.size} for one in met if _is_small(one)]
    for start in range(0, max(len(names), len(small)), _TOGETHER):
        answer = reader.put(
            {
                "names": os.fsdecode(b"\n".join(names[start : start + _TOGETHER])),
                "small": small[start : start + _TOGETHER],
            }
        )
        looked.take(f"{shown}/<together>", answer)


def _is_small(met: files.Met) -> bool:
    try:
        return not met.is_unlisted and met.is_regular and 0 < met.bytes <= SMALL
    except OSError:
        return False


def _leads_to_settings(path: StorePath) -> bool:
    """Whether a link leads to a small YAML file: Dagster's settings are laid out by a link."""
    target = path.resolve()
    return path.suffix == ".yaml" and target.suffix == ".yaml" and target.is_file()


class Reader:
    """The process that reads, started when it is asked and again when it died."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def ask(self, path: StorePath, name: str, size: int | None = None) -> dict[str, Any]:
        """What the process says of one file; an unread one if it says nothing in time.

        Args:
            path: Which.
            name: Under which it is looked at.
            size: Bytes of an object, where they are known.
        """
        return self.put({**words(path), "name": name, "size": size})

    def put(self, question: dict[str, Any]) -> dict[str, Any]:
        """What the process answers to a question."""
        process = self._process or self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write((json.dumps(question) + "\n").encode())
            process.stdin.flush()
            line = _line(process.stdout.fileno(), self._limits.file_seconds)
        except BrokenPipeError:
            line = None
        if line is None:
            why = "took too long" if process.poll() is None else "the reader crashed"
            self._stop()
            return {"bytes": 0, "rows": 0, "found": [], "unread": [["file", f"{UNREAD}: {why}"]]}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> "subprocess.Popen[bytes]":
        environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "footfall_dagster.privacy.search.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        assert self._process.stdin is not None
        self._process.stdin.write((json.dumps(asdict(self._limits)) + "\n").encode())
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _line(descriptor: int, seconds: float) -> bytes | None:
    """One line from a pipe, or None if it ends or nothing comes in time."""
    until = time.monotonic() + seconds
    held = b""
    while not held.endswith(b"\n"):
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        piece = os.read(descriptor, 65_536) if ready else b""
        if not piece:
            return None
        held += piece
    return held


def _shown(name: str, root: StorePath, path: StorePath) -> str:
    """Where a file lies below its root; a part of the name that may carry something is masked."""
    return "/".join([name, *(_part(part) for part in within(path, root))])


def _part(part: str) -> str:
    return part if len(part) <= 60 and _PLAIN.fullmatch(part) else f"<{len(part)} characters>"
