"""What a record of the privacy report says of checks: what was looked at, and how it ended.

Belongs here: evidence turned into the entries of a record, and what the entries amount to. Does not
belong here: carrying checks out, the form and the chain of records (`footfall_dagster.privacy`).
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assets.inspection import Evidence, Finding

PASSED, FOUND, UNREAD, NOT_CARRIED_OUT = "passed", "found", "unread", "not carried out"
SEARCH = "search"
_MOST_FINDINGS = 200
"""Told of one check; the rest is counted."""

Entry = Mapping[str, Any]
"""A check as a record holds it."""


def entry(evidence: Evidence, ended: dt.datetime) -> Entry:
    """What a record says of a check that `ended` at an instant."""
    told = evidence.findings[:_MOST_FINDINGS], evidence.unread[:_MOST_FINDINGS]
    return {
        "check": evidence.check,
        "scope": evidence.scope,
        "at": _second(ended - dt.timedelta(seconds=evidence.seconds)),
        "seconds": round(evidence.seconds, 3),
        "files": evidence.files,
        "bytes": evidence.bytes,
        "rows": evidence.rows,
        "result": FOUND if evidence.findings else UNREAD if evidence.unread else PASSED,
        "findings": [_finding(one) for one in told[0]],
        "unread": [_finding(one) for one in told[1]],
        "left_out": len(evidence.findings) + len(evidence.unread) - len(told[0]) - len(told[1]),
    }


def not_carried_out(check: str, why: str, at: dt.datetime) -> Entry:
    """What a record says of a check that it wanted and did not get; it counts as failed."""
    return _in_words(check, why, at, NOT_CARRIED_OUT)


def noted(check: str, what: str, at: dt.datetime, *, passed: bool) -> Entry:
    """What a record says of something that was judged when it was done, and looked at no file."""
    return _in_words(check, what, at, PASSED if passed else FOUND)


@dataclass(frozen=True, slots=True)
class Summary:
    """What the checks of a record amount to.

    Attributes:
        checks: How many there are.
        failed: How many did not pass, in whichever way.
        findings: What they found, together.
        unread: What they could not read, together.
        bytes: What they looked at, together.
    """

    checks: int
    failed: int
    findings: int
    unread: int
    bytes: int

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Summary":
        """Count what `entries` say."""
        listed = list(entries)
        return cls(
            checks=len(listed),
            failed=sum(one["result"] != PASSED for one in listed),
            findings=sum(_count(one, "findings", FOUND) for one in listed),
            unread=sum(_count(one, "unread", UNREAD) for one in listed),
            bytes=sum(one["bytes"] for one in listed),
        )


def in_words(entries: Sequence[Entry], most: int = 5) -> str:
    """Failed checks in a line that a person can act on; empty where all passed."""
    failed = [one for one in entries if one["result"] != PASSED]
    told = [f"{one['check']} ({one['scope']}): {_first(one)}" for one in failed[:most]]
    more = [f"and {len(failed) - most} more checks"] if len(failed) > most else []
    return "; ".join([*told, *more])


def _in_words(check: str, scope: str, at: dt.datetime, result: str) -> Entry:
    return {
        "check": check,
        "scope": scope,
        "at": _second(at),
        "seconds": 0.0,
        **dict.fromkeys(("files", "bytes", "rows", "left_out"), 0),
        "result": result,
        "findings": [],
        "unread": [],
    }


def _count(one: Entry, field: str, result: str) -> int:
    return len(one[field]) + (one["left_out"] if one["result"] == result else 0)


def _first(one: Entry) -> str:
    if one["result"] == NOT_CARRIED_OUT:
        return NOT_CARRIED_OUT
    listed = [*one["findings"], *one["unread"]]
    if not listed:
        return str(one["result"])
    first = listed[0]
    others = len(listed) + one["left_out"] - 1
    return f"{first['kind']} in {first['file']}, {first['place']}" + (
        f", and {others} more" if others else ""
    )


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file,
        "place": finding.place,
        "kind": finding.kind,
        "confidence": round(finding.confidence, 2),
    }


def _second(instant: dt.datetime) -> str:
    return instant.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
