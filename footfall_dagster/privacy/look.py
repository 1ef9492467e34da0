"""What an audit or a search has looked at so far, and what it has found.

Belongs here: counting, and naming places without quoting names that a leak could have chosen. Does
not belong here: any rule.
"""

import re
import time
from dataclasses import dataclass, field

from footfall_dagster.listing import Entry
from footfall_dagster.privacy.findings import Evidence, Finding
from footfall_dagster.store import StorePath, told_of, within

_OURS = re.compile(
    r"(?:site|date|camera)=[a-z0-9_-]{1,40}|part\.parquet|[a-z][a-z_]{1,40}(?:\.(?:db|duckdb|yaml))?"
    r"|\d{4}-\d\d-\d\d\.html|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.db)?|\.db"
)
STRANGER, UNREAD = "not on the list", "could not be read"


@dataclass
class Look:
    """A running account of one look at many files."""

    files: int = 0
    bytes: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    unread: list[Finding] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def at(self, path: StorePath, content_bytes: int | None = None, rows: int = 0) -> None:
        """Count a file that was looked at, unless it is gone: journals of databases come and go."""
        try:
            size = told_of(path).st_size if content_bytes is None else content_bytes
        except FileNotFoundError:
            return
        self.files += 1
        self.bytes += size
        self.rows += rows

    def find(
        self, root: StorePath, path: StorePath, place: str, kind: str, confidence: float = 1.0
    ) -> None:
        """Note something that may not stand where it is."""
        self.findings.append(Finding(shown(root, path), place, kind, confidence))

    def find_there(self, root: StorePath, entry: Entry, kind: str) -> None:
        """Note a file that may not be where it is, unless it is gone by now.

        What a purge deletes, or a writer keeps for a moment, goes while others look.
        """
        if entry.is_there:
            self.find(root, entry.path, "the whole file", kind)

    def miss(self, root: StorePath, path: StorePath, place: str, why: str = UNREAD) -> None:
        """Note something that could not be looked at."""
        self.unread.append(Finding(shown(root, path), place, why, 1.0))

    def add(self, other: "Look") -> None:
        """Take over what another account came to."""
        self.files += other.files
        self.bytes += other.bytes
        self.rows += other.rows
        self.findings += other.findings
        self.unread += other.unread

    def evidence(self, check: str, scope: str) -> Evidence:
        """The account, closed."""
        return Evidence(
            check=check,
            scope=scope,
            files=self.files,
            bytes=self.bytes,
            rows=self.rows,
            seconds=round(time.monotonic() - self._began, 3),
            findings=tuple(self.findings),
            unread=tuple(self.unread),
        )


def shown(root: StorePath, path: StorePath) -> str:
    """`path` below `root`, with every part of the name masked that is not of the project's kind."""
    parts = within(path, root)
    return "/".join([root.name, *(part if _is_ours(part) else _masked(part) for part in parts)])


def _is_ours(part: str) -> bool:
    return _OURS.fullmatch(part) is not None and len(part) <= 60


def _masked(part: str) -> str:
    return f"<{len(part)} characters>"
