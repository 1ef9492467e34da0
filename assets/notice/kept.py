"""What is kept, of whom, and for how long: one entry a dataset, in the order of the flow.

Belongs here: words for each dataset, and the retention that site.yaml gives it. Does not belong
here: other words of a notice (`assets.notice.told`), deleting anything.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from assets.graph import Step
from assets.marts.inputs import EVENTS
from vision.contract_terms import Contract
from vision.contracts import GRID_M, ZONE_DEMOGRAPHICS_DAILY, lake_of
from vision.contracts_ingest import COVERAGE
from vision.site.models import Site

PERSONAL, ONE_PERSON, COUNTS, NOBODY = (
    "personal data",
    "one person a row, without name or looks: treated as personal data",
    "counts of people",
    "about recordings, not people",
)
"""How much of a person there is in a dataset."""


_WHAT: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "detections": (
            "boxes in the picture",
            "Where in the picture somebody was, several times a second.",
        ),
        "tracks": (
            "paths in the picture",
            "Which of these boxes are the same person in one camera.",
        ),
        "anonymised_trajectories": (
            "paths on the floor",
            f"Where on the floor somebody was, each second, to {GRID_M:g} m. Whoever knows one "
            "place and moment of your visit could tell which path is yours.",
        ),
        "gate_events": ("crossings", "That somebody crossed a line, to the second."),
        "zone_visits": (
            "stays",
            "That somebody stayed in a part of the floor, from when until when.",
        ),
        ZONE_DEMOGRAPHICS_DAILY.name: (
            "guesses of age and gender",
            "How many people were guessed to be of which age and gender.",
        ),
        "camera_exports": ("files", "Which recordings there are."),
        "timeline": ("timeline", "Which recording each moment is taken from."),
        COVERAGE.name: ("coverage", "Which minutes the cameras have observed."),
    }
)


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that is kept, or passes through.

    Attributes:
        name: Of the asset, or of what Dagster keeps.
        title: What somebody who walks by would call it.
        what: What it is, for somebody who walks by.
        of: How much of a person is in it.
        columns: What a row of it holds.
        how_long: For how long.
        field: The field of site.yaml that says so; empty where none does.
    """

    name: str
    title: str
    what: str
    of: str
    columns: tuple[str, ...]
    how_long: str
    field: str


def kept(site: Site, graph: Sequence[Step]) -> Iterator[Kept]:
    """Everything that is kept of a site, or passes through, in the order of the flow."""
    retention = site.file.privacy.retention
    rule = retention.recordings_rule
    yield Kept(
        "recordings",
        "recordings",
        "What the cameras record: pictures.",
        PERSONAL,
        (),
        f"{rule}, where they have been worked through"
        if rule
        else "as the recorder is set; this system reads recordings and deletes none",
        "privacy.retention.recordings" if rule else "",
    )
    steps = {step.name: step for step in graph}
    for name, contract in lake_of(site).items():
        title, what = _WHAT.get(name, (name, f"One row: {contract.grain}."))
        field = f"privacy.retention.{contract.kept}"
        long = str(retention.rule(contract.kept))
        yield Kept(name, title, what, _of(contract), steps[name].columns, long, field)
    long, field = str(retention.rule("marts_years")), "privacy.retention.marts_years"
    yield Kept(
        "marts",
        "exact counts",
        "For whoever runs the place, with what Dagster shows of each run.",
        COUNTS,
        (),
        long,
        field,
    )
    yield Kept(
        "published marts and reports",
        "published counts",
        "Counts that may be handed on. They are meant to be anonymous, and this is no proof that "
        "they are.",
        COUNTS,
        (),
        long,
        field,
    )
    for field, what in (
        ("run_output_days", "What runs of the programs printed and logged: no person."),
        ("failed_runs_days", "That runs failed, and why: no person."),
    ):
        long = str(retention.rule(field))
        yield Kept(field, field, what, NOBODY, (), long, f"privacy.retention.{field}")
    yield Kept(
        "records of the privacy checks",
        "records of the privacy checks",
        "What was checked, and when.",
        NOBODY,
        (),
        "for good",
        "",
    )


def _of(contract: Contract) -> str:
    if contract in EVENTS:
        return ONE_PERSON
    if contract == ZONE_DEMOGRAPHICS_DAILY:
        return COUNTS
    return NOBODY if contract.kept == COVERAGE.kept else PERSONAL
