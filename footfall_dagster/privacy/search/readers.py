"""The processes that read: started when they are asked, ended in time, and started again.

Belongs here: their lives, and how long an answer may take. Does not belong here: what they are
asked (`api`), what they do (`worker`).
"""

import json
import os
import queue
import select
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from footfall_dagster.privacy.search.account import UNREAD
from footfall_dagster.privacy.search.limits import DEFAULT, Limits
from footfall_dagster.store import StorePath, words
from vision.processes import end

Question = dict[str, Any]
Answer = dict[str, Any]


class Reader:
    """The process that reads, started when it is asked and again when it died."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def ask(self, path: StorePath, name: str, size: int | None = None) -> Answer:
        """What the process says of one file; an unread one if it says nothing in time.

        Args:
            path: Which.
            name: Under which it is looked at.
            size: Bytes of an object, where they are known.
        """
        return self.put({**words(path), "name": name, "size": size})

    def put(self, question: Question) -> Answer:
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
        answer: Answer = json.loads(line)
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
            end(self._process)
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


class Readers:
    """Several readers, each of which answers one question at a time."""

    def __init__(self, number: int, limits: Limits = DEFAULT) -> None:
        """Have so many of them; a process is started for the first question of each."""
        self._every = [Reader(limits) for _ in range(number)]
        # Who has answered is asked again: no more are started than are asked at a time.
        self._idle: queue.LifoQueue[Reader] = queue.LifoQueue()
        for reader in self._every:
            self._idle.put(reader)

    def __enter__(self) -> "Readers":
        return self

    def __exit__(self, *told: object) -> None:
        for reader in self._every:
            reader.__exit__(*told)

    def ask(self, path: StorePath, name: str, size: int | None = None) -> Answer:
        """See `Reader.ask`; waits for one that has nothing to do."""
        return self._with_one(lambda reader: reader.ask(path, name, size))

    def put(self, question: Question) -> Answer:
        """See `Reader.put`; waits for one that has nothing to do."""
        return self._with_one(lambda reader: reader.put(question))

    def _with_one(self, ask: Callable[[Reader], Answer]) -> Answer:
        reader = self._idle.get()
        try:
            return ask(reader)
        finally:
            self._idle.put(reader)


Asked = Reader | Readers
