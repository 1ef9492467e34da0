"""What a privacy check says: what it looked at, what it found, what it could not read.

Belongs here: the words that all checks of the wall share. Does not belong here: any check, or how
the words are shown.

A finding never quotes what it found: no value, no name that a leak could have chosen.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that may be a picture, a crop or a vector, or that nobody admitted.

    Attributes:
        file: Path below the root that was searched, with the root's name in front
            (`lake/gate_events/...`). Parts of a name that are not the project's are masked.
        place: Where in the file: `column 3`, `member 2 > bytes 120-4600`, `table 1, free page 7`.
        kind: What it looks like: `jpeg`, `pixels`, `vector`, `encoded text`, `not on the list`.
        confidence: 0..1.
    """

    file: str
    place: str
    kind: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """One check, carried out once.

    Attributes:
        check: Name of the check.
        scope: What it was held against, in words.
        files: Files looked at.
        bytes: Bytes looked at, after unpacking.
        rows: Rows looked at; 0 where rows mean nothing.
        seconds: How long it took.
        findings: What was found.
        unread: Files that could not be read to their end, and why. Never a pass.
    """

    check: str
    scope: str
    files: int
    bytes: int
    rows: int
    seconds: float
    findings: tuple[Finding, ...] = ()
    unread: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing was found and everything was read."""
        return not self.findings and not self.unread
