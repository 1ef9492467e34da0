"""The process in which strangers' files are measured: one after another, within limits.

Belongs here: taking requests from standard input and answering them. Does not belong here: what is
done when it does not answer (`vision.exports.child`), how a file is measured
(`vision.exports.probe`).

It ends by itself, whatever becomes of the process that it serves: an alarm of the kernel's bounds
each file, and the end of its standard input everything else. A store that takes its time to answer
is no file's fault, so the alarm waits meanwhile, and the store's client gives up by itself.
"""

import dataclasses
import datetime as dt
import importlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from vision.exports import foreign
from vision.exports.container import Media, UnreadableVideo
from vision.exports.content import content
from vision.exports.limits import submit
from vision.exports.places import Source, Unreachable
from vision.exports.probe import VideoProbe

Measure = Callable[[Media], VideoProbe]


def main() -> None:
    """Answer each line of standard input with two on what used to be standard output.

    The first says what identifies the file's bytes, the second what they hold; so the first is
    known of a file that ends this process.
    """
    module, _, function = sys.argv[1].partition(":")
    measure: Measure = getattr(importlib.import_module(module), function)
    answers = os.fdopen(os.dup(1), "w")
    submit(int(sys.argv[2]))
    # Whom we serve decides when to stop; and whatever it did with alarms, ours end this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    answers.write("READY\n")
    answers.flush()
    for line in sys.stdin:
        request = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"])
        for answer in measured(Source.of(request["source"]), measure):
            answers.write(json.dumps(answer, default=dt.datetime.isoformat) + "\n")
            answers.flush()
        signal.setitimer(signal.ITIMER_REAL, 0)


def measured(source: Source, measure: Measure) -> Iterator[dict[str, Any]]:
    """What identifies the file, if it can be read, and then what it holds or why it holds none."""
    outcome: dict[str, Any]
    try:
        with source.reading(_off_the_clock) as file:
            yield {"content": dataclasses.asdict(content(source, file))}
            try:
                outcome = {"video": dataclasses.asdict(measure(source.path or file))}
            except UnreadableVideo as unreadable:
                outcome = _explained(unreadable, file, source.name)
    except Unreachable as failure:
        outcome = {"storage": str(failure)}
    except MemoryError:
        outcome = {"reason": "took_too_much_memory"}
    except OSError:
        # Not ours to read, or gone since it was found.
        outcome = {"reason": "unreadable"}
    yield outcome


@contextmanager
def _off_the_clock() -> Iterator[None]:
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)


def _explained(unreadable: UnreadableVideo, file: BinaryIO, name: str) -> dict[str, Any]:
    file.seek(0)
    known = foreign.recognised(file.read(foreign.HEAD_BYTES), name)
    if known is None or unreadable.reason == "empty_file":
        return {"reason": unreadable.reason}
    return {"reason": known.reason, "kind": known.kind}


if __name__ == "__main__":
    main()
