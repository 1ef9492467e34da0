"""The documents of a notice: what they tell, and that they tell no more than is so."""

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from assets.graph import steps
from assets.notice.documents import (
    DOCUMENTS,
    DPIA,
    LINKED,
    MODEL_CARD,
    PAGE,
    RECORD,
    SIGN,
    documents,
)
from assets.notice.told import Told
from assets.plan import SitePlan
from tests.notices import ISSUED, write_site
from tests.unit.small_mall import site as small_mall
from vision.contracts import lake_of
from vision.site.load import load_site
from vision.site.models import Site
from vision.site.privacy import AgeGender, Privacy

HTML = [name for name in DOCUMENTS if name.endswith(".html")]
Made = dict[str, str]


def made(site: Site) -> Made:
    return documents(Told(site, steps(SitePlan(site)), ISSUED, ("first.pt", "second.pt")))


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Of a site that has everything switched on."""
    return made(load_site(write_site(tmp_path_factory.mktemp("site"))))


@pytest.fixture(scope="module")
def plain() -> Made:
    """Of a site that says no more than it has to."""
    return made(small_mall())


def text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", "", html.partition("<body>")[2])))


@pytest.mark.parametrize("name", HTML)
def test_a_page_asks_nobody_for_anything_and_runs_nothing(name: str, full: Made) -> None:
    page = full[name]
    assert "default-src 'none'" in page
    assert not re.search(
        r"<script|<link rel=\"stylesheet|<img|<iframe|@import|url\(|\son\w+=", page
    )


def test_the_sign_says_who_what_for_how_long_and_where_to_ask(full: Made) -> None:
    told = text(full[SIGN])
    for said in (
        "Test Mall Ltd",
        "privacy@mall.example",
        "https://mall.example/cameras",
        "officer@mall.example",
        "how many people come in and go out",
        "Where you walked: 6 days",
        "11 months and 13 months",
        "Counts of people: 5 years",
        "guesses age and gender",
    ):
        assert said in told


def test_every_dataset_of_people_is_on_the_page_with_its_time(full: Made) -> None:
    told = text(full[PAGE])
    for said in (
        "71 hours",
        "23 hours",
        "22 hours",
        "6 days",
        "11 months",
        "13 months",
        "9 months",
    ):
        assert said in told


def test_every_dataset_of_the_lake_is_in_the_record(full: Made, tmp_path: Path) -> None:
    site = load_site(write_site(tmp_path))
    for name, contract in lake_of(site).items():
        assert name.replace("_", " ") in full[RECORD]
        assert str(site.file.privacy.retention.rule(contract.kept)) in full[RECORD]
        assert ", ".join(column.name for column in contract.columns) in full[RECORD]


def test_the_page_says_plainly_what_is_not_done(plain: Made) -> None:
    told = text(plain[PAGE])
    assert "No face is recognised, and none is looked for." in told
    assert "Nobody is followed from one camera to the next" in told
    assert "guesses" not in told
    assert "colours" not in told


def test_who_has_faces_looked_for_cannot_say_that_none_are(full: Made) -> None:
    for name in (SIGN, PAGE, DPIA):
        assert "none is looked for" not in full[name]
        assert "guesses age and gender" in text(full[name])
        assert "at least 60 people" in text(full[name])
    assert "often wrongly" in text(full[SIGN])


def test_paths_are_called_personal_data_and_never_anonymous(full: Made) -> None:
    told = text(full[PAGE])
    assert "treated as personal data" in told
    assert re.findall(r"[^.]*\banonymous\b[^.]*\.", told) == [
        " They are meant to be anonymous, and this is no proof that they are."
    ]


@pytest.mark.parametrize(
    ("asked", "said", "in_short"),
    [
        ({"appearance": "memory"}, "in the computer's memory", "colours of clothes"),
        ({"appearance": "vault"}, "in an encrypted file", "colours of clothes"),
        ({"age_gender": AgeGender()}, "it is often wrong", "often wrongly"),
    ],
    ids=["memory", "vault", "age and gender"],
)
def test_what_is_looked_at_of_people_is_told(
    asked: dict[str, object], said: str, in_short: str
) -> None:
    whole = small_mall()
    privacy = Privacy(**asked)  # type: ignore[arg-type]
    asked_for = whole.model_copy(
        update={"file": whole.file.model_copy(update={"privacy": privacy})}
    )
    told = made(asked_for)
    assert said in text(told[PAGE])
    assert in_short in text(told[SIGN])


def test_no_way_out_is_promised_that_the_site_does_not_have(plain: Made, full: Made) -> None:
    assert "painted over before" not in plain[PAGE]
    assert "painted over before" in full[PAGE]
    assert "playground (ground)" in full[PAGE]
    assert "tag" not in text(plain[PAGE]).split()
    assert "Quiet hours" not in text(plain[SIGN])
    for name in (SIGN, PAGE):
        assert "Saturday, Sunday from 08:00 to 09:30" in text(full[name])
        assert "tag" in text(full[name]).split()
    assert "marker 3 of ArUco's 4x4_50" in text(full[PAGE])


def test_how_figures_are_released_is_told_for_each_way_that_the_site_has(
    plain: Made, full: Made
) -> None:
    for name in (PAGE, RECORD, DPIA):
        told = text(full[name])
        assert "Figures of fewer than 10 people are left out" in told
        assert "Of gate counts 15min what is left is rounded to 5." in told
        assert "From zone visits hourly nothing is left out. Chance is added" in told
        assert "Not handed on: gate audits, shop pairs daily, unicity daily." in told
        assert "rounded to" not in text(plain[name])
        assert "Chance is added" not in text(plain[name])


def test_what_the_site_file_does_not_say_is_shown_and_not_made_up(plain: Made, full: Made) -> None:
    assert "not said in site.yaml (notice.legal_basis)" in text(plain[RECORD])
    assert "notice.authority of site.yaml is empty" in text(plain[DPIA])
    assert "not said in site.yaml" not in full[RECORD]
    assert "Legal basis: ask privacy@mall.example" in text(plain[PAGE])


def test_the_model_card_names_the_weights_and_what_they_are_not_for(full: Made) -> None:
    told = text(full[MODEL_CARD])
    assert "first.pt" in told
    assert "second.pt" in told
    assert "has not been measured" in told


def test_words_of_the_site_file_are_text_and_no_markup() -> None:
    whole = small_mall()
    notice = whole.file.notice.model_copy(update={"controller": "<b>Bold</b> & Sons"})
    told = made(whole.model_copy(update={"file": whole.file.model_copy(update={"notice": notice})}))
    for name in HTML:
        assert "<b>Bold" not in told[name]
        assert "&lt;b&gt;Bold&lt;/b&gt; &amp; Sons" in told[name]


def nodes(value: object, wanted: Callable[[dict[str, object]], bool]) -> list[dict[str, object]]:
    if isinstance(value, dict):
        below = [node for one in value.values() for node in nodes(one, wanted)]
        return [*([value] if wanted(value) else []), *below]
    return [node for one in value for node in nodes(one, wanted)] if isinstance(value, list) else []


def test_the_record_for_programs_has_controller_purposes_times_and_rights(full: Made) -> None:
    told = json.loads(full[LINKED])
    assert told["@type"] == "dpv:PrivacyNotice"
    assert told["dpv:hasDataController"]["dpv:hasName"] == "Test Mall Ltd"
    process = told["dpv:hasProcess"]
    assert {one["@id"] for one in process["dpv:hasRight"]} >= {"eu-gdpr:A15", "eu-gdpr:A21"}
    times = nodes(process, lambda node: node.get("@type") == "dpv:StorageDuration")
    assert "6 days" in {one["description"] for one in times}


def test_the_record_for_programs_calls_nothing_anonymised(full: Made) -> None:
    assert "AnonymisedData" not in full[LINKED]
    paths = nodes(json.loads(full[LINKED]), lambda node: node.get("title") == "paths on the floor")
    assert paths[0]["dpv:hasPersonalData"]["@type"] == "dpv:PseudonymisedData"  # type: ignore[index]


def test_every_prefix_of_the_record_for_programs_is_declared(full: Made) -> None:
    told = json.loads(full[LINKED])
    context = told.pop("@context")
    told.pop("dtpr")
    used = set(re.findall(r'"([a-z-]+):[A-Za-z0-9]+"', json.dumps(told)))
    assert used <= context.keys()


def test_the_chain_of_dtpr_goes_from_who_is_accountable_to_how_long(full: Made) -> None:
    chain = json.loads(full[LINKED])["dtpr"]
    categories = list(dict.fromkeys(one["category"] for one in chain))
    assert categories[0] == "device__accountable"
    assert categories[-1] == "device__retention"
    cameras = [one["description"] for one in chain if one["category"] == "device__tech"]
    assert cameras == ["cam_a", "cam_b", "cam_c", "cam_d"]
