"""Non-interference holds for the pipeline as shipped and for none of its sabotaged variants."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from footfall_dagster.checks import marts as mart_checks
from footfall_dagster.checks.validation import Validation
from footfall_dagster.jobs import CAMERA_DAY, SITE_DAY
from footfall_dagster.privacy.noninterference.disguise import REFERENCE
from footfall_dagster.privacy.prove import Proof, prove
from footfall_dagster.settings import Settings
from tests.integration.prove.corner_shop import CAMERA, DAY, Scripted, open_shop
from tests.integration.prove.sabotage import VARIANTS, sabotaged
from vision.protocols import Boxes, Frame


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return open_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(autouse=True)
def _no_great_expectations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Great Expectations takes longer than all the rest; of no rule its page is empty."""

    def without_rules(suite: str, _frame: object, _wanted: object, about: str = "") -> Validation:
        return Validation(suite, about, (), (), ())

    monkeypatch.setattr(mart_checks, "validation", without_rules)


def proved(shop: Settings, jobs: tuple[str, ...], **given: object) -> Proof:
    return prove(
        shop,
        DAY,
        jobs=jobs,
        detector=Scripted(),
        apart=False,
        say=lambda _line: None,
        **given,  # type: ignore[arg-type]
    )


def test_the_pipeline_as_shipped_passes_with_somebody_listening(shop: Settings) -> None:
    proof = proved(shop, (CAMERA_DAY, SITE_DAY), build=sabotaged({}), draws=2)
    assert proof.evidence.passed, proof.evidence
    assert proof.changed == (0, proof.frames, proof.frames)
    assert proof.boxes > 200
    compared = {line.group: line.rows for line in proof.table}
    assert compared["lake/anonymised_trajectories"] > 40
    assert compared["lake/gate_events"] >= 5
    assert compared["lake/zone_visits"] >= 4
    assert compared["warehouse/core.duckdb"] > 100
    assert compared["warehouse/published.duckdb"] > 100
    assert {"reports", "dagster/camera_day", "dagster/site_day"} <= compared.keys()


@pytest.mark.parametrize(
    "name",
    # Every fifth in every run, all of them in `make test-long`.
    [
        pytest.param(name, marks=pytest.mark.long if number % 5 else ())
        for number, name in enumerate(VARIANTS)
    ],
)
def test_a_pipeline_that_leaks_is_caught(
    name: str, shop: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = VARIANTS[name]
    made = variant.install(monkeypatch)
    proof = proved(shop, variant.jobs, build=sabotaged(made), draws=1)
    assert not proof.evidence.passed
    told = [*proof.evidence.findings, *proof.evidence.unread]
    stopped = any("fail" in one.kind or one.file == "the run as filmed" for one in told)
    assert stopped == variant.refused, told
    if not stopped:
        # The leak alone is what differs: without it every run is like the other.
        assert {one.place for one in told} <= {str(run) for run in proof.runs if run != REFERENCE}


def test_nothing_of_a_proof_stays(shop: Settings) -> None:
    proved(shop, (CAMERA_DAY,), build=sabotaged({}), draws=1)
    assert [path.name for path in shop.home.iterdir()] == ["proof.lock"]


class Nobody:
    """A detector that sees nobody."""

    description = "nobody"

    def detect(self, frames: Iterable[Frame]) -> Iterator[Boxes]:
        for frame in frames:
            none = np.empty((0, 4), np.float32)
            yield Boxes(frame.at_us, none, np.empty(0, np.float32))


def test_a_day_on_which_nobody_is_seen_proves_nothing(shop: Settings) -> None:
    proof = prove(
        shop, DAY, jobs=(CAMERA_DAY,), detector=Nobody(), apart=False, draws=1, say=lambda _: None
    )
    assert not proof.evidence.findings
    assert [one.place for one in proof.evidence.unread] == [CAMERA]
    assert "nobody is seen" in proof.evidence.unread[0].kind
    assert not proof.evidence.passed


def test_a_disguise_that_shows_what_was_filmed_proves_nothing(shop: Settings) -> None:
    proof = proved(shop, (CAMERA_DAY,), build=sabotaged({}), draws=1, others=shop.recordings)
    assert [one.kind for one in proof.evidence.unread] == ["the same pixels though other people"]
    assert not proof.evidence.passed


def test_one_camera_is_proved_as_asked(shop: Settings) -> None:
    proof = proved(shop, (CAMERA_DAY,), build=sabotaged({}), draws=1, cameras=(CAMERA,))
    assert proof.evidence.scope.startswith(f"{CAMERA} on {DAY}")


def test_findings_quote_nothing(
    shop: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tests.integration.prove.sabotage import SECRET

    made = VARIANTS["key-value metadata of Parquet"].install(monkeypatch)
    proof = proved(shop, (CAMERA_DAY,), build=sabotaged(made), draws=1)
    assert SECRET.text[:8] not in str(proof)
