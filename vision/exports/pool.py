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
import re
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import TypeAdapter

from vision.exports import foreign
from vision.exports.bounds import CLOCKS_SHOW, MOST_BYTES
from vision.exports.child import Child, Ended, Late
from vision.exports.content import Content
from vision.exports.limits import Limits
from vision.exports.places import Source, Unreachable
from vision.exports.probe import VideoProbe
from vision.exports.reasons import Reason

PROBE = "vision.exports.probe:probe"
_AHEAD = 256
"""Files that may be done before an earlier one is: memory stays flat while one takes its time."""
_IN_HAND = 2
"""Files that a child is asked about at a time: on a busy machine it would else wait for us."""
_PATIENCE_S = 10.0
_ENDING = ("decoder_crashed", "took_too_much_memory")
"""What a child does not outlive, and may have been led to by an earlier file."""
_REASONS: dict[int, Reason] = {
    signal.SIGALRM: "took_too_long",
    # Nobody but the kernel kills our children, and it does so where memory has run out.
    signal.SIGKILL: "took_too_much_memory",
}

_SHA256 = re.compile("[0-9a-f]{64}")
_CONTENT = TypeAdapter(Content)
_VIDEO = TypeAdapter(VideoProbe)
_REASON: TypeAdapter[Reason] = TypeAdapter(Reason)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file to be measured, and its size when it was found."""

    source: Source
    size_bytes: int

    @property
    def name(self) -> str:
        """Its path below the root of the recordings."""
        return self.source.name


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
        Unreachable: A bucket failed, or did not answer in time.
    """
    crew = _Crew(measure, limits, workers or os.cpu_count() or 2)
    left = iter(files)
    try:
        pending = deque(crew.measured(file) for file in islice(left, _AHEAD))
        done = 0
        while pending:
            outcome = pending.popleft().result()
            pending.extend(crew.measured(file) for file in islice(left, 1))
            done += 1
            on_file(done)
            yield outcome
    finally:
        crew.end()


@dataclass(frozen=True, slots=True)
class _Task:
    file: Candidate
    outcome: "Future[Probed | SetAside]"


_Tasks = queue.SimpleQueue[_Task | None]
"""What is to be done, in order; None once there is nothing left."""


class _Crew:
    """Threads that wait for children, each for one at a time."""

    def __init__(self, measure: str, limits: Limits, size: int) -> None:
        self._tasks: _Tasks = queue.SimpleQueue()
        self._workers = [_Worker(self._tasks, measure, limits) for _ in range(size)]
        # Daemons: an iterator that nobody closes is not to keep the interpreter from ending.
        self._threads = [
            threading.Thread(target=worker.serve, name="probing", daemon=True)
            for worker in self._workers
        ]
        for thread in self._threads:
            thread.start()

    def measured(self, file: Candidate) -> "Future[Probed | SetAside]":
        outcome: Future[Probed | SetAside] = Future()
        self._tasks.put(_Task(file, outcome))
        return outcome

    def end(self) -> None:
        self._tasks.put(None)
        for worker in self._workers:
            worker.end()
        for thread in self._threads:
            # One whose child the kernel does not let die is left behind.
            thread.join(_PATIENCE_S)


class _Over(Exception):  # noqa: N818 - nobody waits for what is being measured any more
    pass


class _Worker:
    """One child at a time; a new one after each that ended."""

    def __init__(self, tasks: _Tasks, measure: str, limits: Limits) -> None:
        self._tasks = tasks
        self._measure = measure
        self._limits = limits
        self._child: Child | None = None
        self._over = False
        self._lock = threading.Lock()

    def serve(self) -> None:
        """Have one file after another measured until there are none, or `end` is called."""
        asked: deque[_Task] = deque()
        try:
            while self._take(asked):
                self._settle(asked)
        except _Over:
            return
        finally:
            self._drop()

    def end(self) -> None:
        """No more files; whatever is being measured is not."""
        with self._lock:
            self._over = True
            if self._child is not None:
                self._child.stop()

    def _take(self, asked: deque[_Task]) -> bool:
        """As many files as a child is asked about at a time; False if there are no more."""
        while len(asked) < _IN_HAND:
            try:
                task = self._tasks.get(block=not asked)
            except queue.Empty:
                break
            if task is None:
                self._tasks.put(None)
                break
            asked.append(task)
        return bool(asked)

    def _settle(self, asked: deque[_Task]) -> None:
        """Conclude what came of the first file.

        One that ended a child which had measured others is tried once more in a new child: a file
        may corrupt the memory of a decoder, and another one pay for it.
        """
        try:
            child = self._running()
            for task in islice(asked, child.asked, None):
                child.ask(_request(task.file, self._limits.measuring_s(task.file.size_bytes)))
            used = child.answered > 0
            outcome = self._answer(child, asked[0])
        except OSError as failure:
            asked.popleft().outcome.set_exception(failure)
            return
        if not (used and isinstance(outcome, SetAside) and outcome.reason in _ENDING):
            asked.popleft().outcome.set_result(outcome)

    def _running(self) -> Child:
        with self._lock:
            if self._over:
                raise _Over
            if self._child is None:
                self._child = Child(self._measure, self._limits.memory_bytes)
            return self._child

    def _answer(self, child: Child, task: _Task) -> Probed | SetAside:
        file, content, seconds = task.file, None, self._patience_s(task.file)
        try:
            told = _said(child.answer(seconds))
            if "content" in told:
                content = _believed(_CONTENT.validate_python(told["content"]))
                told = _said(child.answer(seconds))
            child.done()
            outcome = _concluded(file, content, told)
        except Ended as ended:
            if isinstance(ended, Late) and file.source.path is None:
                self._drop()
                raise _storage("did not answer in time", file) from None
            outcome = SetAside(file, _REASONS.get(ended.signal, "decoder_crashed"), content)
        except (ValueError, TypeError, LookupError):
            # What does not speak our language any more was taken over by the file.
            outcome = SetAside(file, "decoder_crashed", content)
        if isinstance(outcome, SetAside) and outcome.reason in (*_ENDING, "took_too_long"):
            self._drop()
        return outcome

    def _drop(self) -> None:
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.kill()

    def _patience_s(self, file: Candidate) -> float:
        """Seconds until a child is taken for dead that should have ended itself before.

        What it asks of a store is not on its alarm, so there it is the store that is late.
        """
        measuring_s = self._limits.measuring_s(file.size_bytes)
        return measuring_s if file.source.path else measuring_s + self._limits.store_s


def _request(file: Candidate, seconds: float) -> bytes:
    asked = {
        "source": file.source.words,
        "seconds": seconds,
    }
    return json.dumps(asked).encode() + b"\n"


def _said(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except RecursionError:
        raise ValueError("no answer of ours") from None
    if not isinstance(told, dict):
        raise ValueError("no answer of ours")
    return told


def _believed(content: Content) -> Content:
    """What identifies a file, if it is what `camera_exports` may hold: one lie costs no day."""
    first, last = CLOCKS_SHOW
    if not (
        _SHA256.fullmatch(content.sha256)
        and 0 <= content.size_bytes <= MOST_BYTES
        and first <= content.modified_at < last
        and content.modified_at.microsecond == 0
    ):
        raise ValueError("no content of a file")
    return content


def _concluded(file: Candidate, content: Content | None, told: dict[str, Any]) -> Probed | SetAside:
    if "storage" in told and file.source.path is None:
        # Not in the child's words: a file may have put them into its mouth.
        raise _storage("failed", file)
    if content is not None and "video" in told:
        video = _VIDEO.validate_python(told["video"])
        if not video.is_possible:
            raise ValueError("no video has that")
        return Probed(file, content, video)
    kind = told.get("kind")
    return SetAside(
        file,
        _REASON.validate_python(told["reason"]),
        content,
        foreign.KINDS[kind].kind if kind is not None else None,
    )


def _storage(what: str, file: Candidate) -> Unreachable:
    return Unreachable(
        f"the storage of recordings {what} while {file.name} was read; see that it is up, that we "
        "may read it, and that FOOTFALL_S3_ENDPOINT or AWS_ENDPOINT_URL is right, then run the "
        "camera-day again"
    )
