"""Counts that are added to audits.yaml: nothing that stood there is lost or changed."""

import datetime as dt
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.vision.site_directory import write
from vision.site.audits import Audit
from vision.site.audits_file import CannotAdd, add, entry
from vision.site.load import SiteFileError, load_site

OLD = "{gate: entrance, starts: 2026-03-02 10:00:00, minutes: 10, entries: 14, exits: 9}"
FIELDS = OLD.strip("{}").split(", ")


def count(minute: int, entries: int = 3) -> Audit:
    starts = dt.datetime(2026, 3, 2, 11, minute)
    return Audit(gate="entrance", starts=starts, minutes=5, entries=entries, exits=1)


WRITTEN = {
    "a list": f"audits:\n  - {OLD}\n",
    "a list at the margin": f"audits:\n- {OLD}\n",
    "fields on lines of their own": "audits:\n    - " + "\n      ".join(FIELDS) + "\n",
    "comments before, between and after": f"# ours\naudits: # all\n  # x\n  - {OLD}  # y\n\n# z\n",
    "no end of line at its end": f"audits:\n  - {OLD}",
    "the ends of lines of Windows": f"# ours\r\naudits:\r\n  - {OLD}\r\n",
    "a byte order mark": f"\ufeffaudits:\n  - {OLD}\n",
    "an empty list": "# ours\naudits: []  # none yet\n",
    "an empty list with a byte order mark": "\ufeffaudits: []",
}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in WRITTEN.items()])
def test_counts_are_put_behind_those_that_are_there(tmp_path: Path, text: str) -> None:
    path = write(tmp_path) / "audits.yaml"
    path.write_bytes(text.encode())
    before = load_site(tmp_path).audits
    assert add(tmp_path, [count(0), count(5)]) == 2
    assert load_site(tmp_path).audits == (*before, count(0), count(5))
    made = path.read_bytes().decode()
    kept = text.replace(" []", "")
    assert made.startswith(kept.rstrip())
    assert made.count("\r\n") == (made.count("\n") if "\r\n" in text else 0)


def test_a_site_without_counts_gets_the_file(tmp_path: Path) -> None:
    assert add(write(tmp_path), [count(0)]) == 1
    assert load_site(tmp_path).audits == (count(0),)


def test_the_same_count_is_added_once(tmp_path: Path) -> None:
    add(write(tmp_path), [count(0), count(0)])
    before = (tmp_path / "audits.yaml").read_bytes()
    assert add(tmp_path, [count(0)]) == 0
    assert (tmp_path / "audits.yaml").read_bytes() == before
    assert load_site(tmp_path).audits == (count(0),)


def test_who_may_read_the_file_may_read_the_new_one_and_a_link_stays_one(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.yaml"
    elsewhere.write_text(f"audits:\n  - {OLD}\n")
    elsewhere.chmod(0o640)
    site = tmp_path / "site"
    site.mkdir()
    (write(site) / "audits.yaml").symlink_to(elsewhere)
    add(site, [count(0)])
    assert (site / "audits.yaml").is_symlink()
    assert entry(count(0)) in elsewhere.read_text()
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere.yaml", "site"]


@pytest.mark.parametrize(
    ("text", "audit", "why"),
    [
        pytest.param(
            f"audits: [{OLD}]\n", count(0), "expected|not fit|anew", id="its list is in brackets"
        ),
        pytest.param(
            f"audits:\n  - {OLD}\n",
            count(0).model_copy(update={"starts": dt.datetime(2026, 3, 2, 10, 9)}),
            "another entry counts gate entrance in some of these minutes",
            id="it would count minutes twice",
        ),
    ],
)
def test_a_file_that_would_not_hold_is_left_alone(
    tmp_path: Path, text: str, audit: Audit, why: str
) -> None:
    path = write(tmp_path) / "audits.yaml"
    path.write_text(text)
    with pytest.raises(CannotAdd, match=why) as told:
        add(tmp_path, [audit])
    assert entry(audit) in str(told.value)
    assert path.read_text() == text


def test_a_site_that_is_wrong_is_not_written_to(tmp_path: Path) -> None:
    path = write(tmp_path) / "audits.yaml"
    path.write_text("audits:\n  - {gate: entrace}\n")
    with pytest.raises(SiteFileError, match=r"audits\.yaml:2"):
        add(tmp_path, [count(0)])


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(minutes=st.lists(st.integers(0, 11).map(lambda five: 5 * five), max_size=6))
def test_whatever_order_counts_come_in_each_is_there_once(
    tmp_path: Path, minutes: list[int]
) -> None:
    path = write(tmp_path) / "audits.yaml"
    path.write_text(f"audits:\n  - {OLD}\n")
    for minute in minutes:
        add(tmp_path, [count(minute)])
    found = load_site(tmp_path).audits[1:]
    assert found == tuple(count(minute) for minute in dict.fromkeys(minutes))
