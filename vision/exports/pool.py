"""Measuring many strangers' files in a few warm child processes.

Belongs here: which child measures which file, and what is concluded when one does not answer. Does
not belong here: processes (`vision.exports.child`), measuring (`vision.exports.probe`), rows of the
catalogue (`vision.exports.catalogue`).

A file that crashes, stalls or explodes the decoder costs itself: it is set aside, and a new child
goes on with the next.
"""

import json
import os
import queue
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import TypeAdapter

from vision.exports import foreign
from vision.exports.child import Child, Ended
from vision.exports.container import Reason
from vision.exports.limits import Limits
from vision.exports.probe import VideoProbe
from vision.exports.source import Content, Source, StorageFailed

PROBE = "vision.exports.probe:probe"
_AHEAD = 256
"""Files that may be done before an earlier one is: memory stays flat while one takes its time."""
_REASONS: dict[int, Reason] = {
    signal.SIGALRM: "took_too_long",
    # Nobody but the kernel kills our children, and it does so where memory has run out.
    signal.SIGKILL: "took_too_much_memory",
}

_CONTENT = TypeAdapter(Content)
_VIDEO = TypeAdapter(VideoProbe)
_REASON: TypeAdapter[Reason] = TypeAdapter(Reason)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to be measured: where it is, its name below the root, its size when it was found."""

    source: Source
    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Probed:
    """A file that holds video."""

    file: Candidate
    content: Content
    video: VideoProbe


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that takes no part.

    Attributes:
        file: The file.
        reason: Why.
        content: What identifies its bytes; None where they cannot be read.
        kind: What it is instead, a key of `vision.exports.foreign.KINDS`; None where unknown.
    """

    file: Candidate
    reason: Reason
    content: Content | None = None
    kind: str | None = None


def probe_all(
    files: Iterable[Candidate],
    limits: Limits = Limits(),  # noqa: B008 - frozen
    workers: int | None = None,
    on_file: Callable[[int], None] = lambda _done: None,
    measure: str = PROBE,
) -> Iterator[Probed | SetAside]:
    """Measure files in child processes, and yield what came of each, in the order given.

    Needs the same memory for a hundred thousand files as for ten. Children end with the iterator.

    Args:
        files: Read as far ahead as is needed to keep the children busy.
        limits: What each file may cost.
        workers: Children at a time; as many as there are processors if None.
        on_file: Called with the number of files done after each of them.
        measure: `module:function` that measures a file in the child; for tests.

    Raises:
        StorageFailed: A bucket did not answer.
    """
    crew = _Crew(measure, limits, workers or os.cpu_count() or 2)
    left = iter(files)
    try:
        pending: deque[Future[Probed | SetAside]] = deque(
            crew.measured(file) for file in islice(left, _AHEAD)
        )
        done = 0
        while pending:
            outcome = pending.popleft().result()
            pending.extend(crew.measured(file) for file in islice(left, 1))
            done += 1
            on_file(done)
            yield outcome
    finally:
        crew.end()


class _Crew:
    """Threads, each with a child of its own for as long as it waits for an answer."""

    def __init__(self, measure: str, limits: Limits, size: int) -> None:
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="probing")
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._workers = [_Worker(measure, limits) for _ in range(size)]
        for worker in self._workers:
            self._idle.put(worker)

    def measured(self, file: Candidate) -> "Future[Probed | SetAside]":
        return self._threads.submit(self._measured, file)

    def _measured(self, file: Candidate) -> Probed | SetAside:
        worker = self._idle.get()
        try:
            return worker.outcome(file)
        finally:
            self._idle.put(worker)

    def end(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.end()
        self._threads.shutdown(wait=True)


class _Worker:
    """One child at a time; a new one after each that ended."""

    def __init__(self, measure: str, limits: Limits) -> None:
        self._measure = measure
        self._limits = limits
        self._child: Child | None = None
        self._over = False
        self._lock = threading.Lock()

    def outcome(self, file: Candidate) -> Probed | SetAside:
        """What came of a file; one that ended a used child is tried once more in a new one.

        A file may corrupt the memory of a decoder and another one pay for it.
        """
        used = self._child is not None and self._child.answered > 0
        outcome = self._asked(file)
        ended = isinstance(outcome, SetAside) and outcome.reason in (
            "decoder_crashed",
            "took_too_much_memory",
        )
        return self._asked(file) if ended and used and not self._over else outcome

    def end(self) -> None:
        """No more files; whatever is being measured is not."""
        with self._lock:
            self._over = True
            if self._child is not None:
                self._child.kill()

    def _asked(self, file: Candidate) -> Probed | SetAside:
        child, content = self._running(), None
        seconds = self._limits.measuring_s(file.size_bytes)
        try:
            child.ask(_request(file, seconds))
            told = json.loads(child.answer(seconds))
            if "content" in told:
                content = _CONTENT.validate_python(told["content"])
                told = json.loads(child.answer(seconds))
            outcome = _concluded(file, content, told)
            child.answered += 1
        except Ended as ended:
            self._child = None
            return SetAside(file, _REASONS.get(ended.signal, "decoder_crashed"), content)
        except (ValueError, TypeError, LookupError):
            # What does not speak our language any more was taken over by the file.
            self._drop()
            return SetAside(file, "decoder_crashed", content)
        if isinstance(outcome, SetAside) and outcome.reason == "took_too_much_memory":
            self._drop()
        return outcome

    def _running(self) -> Child:
        with self._lock:
            if self._over:
                raise RuntimeError("nobody waits for this file any more")
            if self._child is None:
                self._child = Child(self._measure, self._limits.memory_bytes)
            return self._child

    def _drop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


def _request(file: Candidate, seconds: float) -> bytes:
    asked = {
        "path": file.source.path,
        "filesystem": file.source.filesystem,
        "name": file.name,
        "seconds": seconds,
    }
    return json.dumps(asked).encode() + b"\n"


def _concluded(file: Candidate, content: Content | None, told: dict[str, Any]) -> Probed | SetAside:
    if "storage" in told:
        raise StorageFailed(
            f"the storage of recordings failed while {file.name} was read "
            f"({told['storage']}); see that it can be reached, then run the camera-day again"
        )
    if content is not None and "video" in told:
        return Probed(file, content, _VIDEO.validate_python(told["video"]))
    kind = told.get("kind")
    return SetAside(
        file,
        _REASON.validate_python(told["reason"]),
        content,
        foreign.KINDS[kind].kind if kind is not None else None,
    )
