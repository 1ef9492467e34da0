"""How far a command has come, where it takes longer than one likes to wait.

Belongs here: the bar. Does not belong here: bars of commands that always take long, which show more
(`footfall_dagster.cli.simulate`).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

_PATIENCE_S = 2.0


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int | None], None]]:
    """A bar on standard error, if that is a terminal; gives what is called with done and total.

    Where nobody knows the total, it is None.
    """
    console = Console(stderr=True)
    bar = Progress(console=console, transient=True, disable=not console.is_terminal)
    task = bar.add_task(what, total=None)
    began = time.monotonic()

    def advance(done: int, of: int | None) -> None:
        if time.monotonic() - began > _PATIENCE_S:
            bar.start()
        bar.update(task, completed=done, total=of)

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()
