"""The documents of a notice: a sign, a page, two records, a model card, and one for programs.

Belongs here: which documents there are, and writing them. Does not belong here: their words
(`assets.notice.told` and the templates), where they are kept (`footfall_dagster.notice`).
"""

import json
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from assets.notice.linked import linked_data
from assets.notice.told import Told, spoken
from assets.templates import templates

if TYPE_CHECKING:
    from jinja2 import Environment

SIGN, PAGE, LINKED = "sign.html", "page.html", "notice.jsonld"
RECORD, DPIA, MODEL_CARD = "record_of_processing.html", "dpia_facts.html", "model_card.html"
DOCUMENTS: Mapping[str, str] = MappingProxyType(
    {
        SIGN: "the first layer: print it on A4 and put it up where people come in",
        PAGE: "the second layer: the whole notice, to be published",
        RECORD: "the record of processing activities (GDPR, article 30)",
        DPIA: "the facts that an impact assessment starts from (GDPR, article 35)",
        MODEL_CARD: "what finds people in the pictures, and what it is not for",
        LINKED: "the notice for programs: W3C DPV and DTPR, as JSON-LD",
    }
)
"""Each document, and what it is for."""


def documents(told: Told) -> dict[str, str]:
    """Write every document of a notice.

    Args:
        told: What it says.

    Returns:
        The text of each of `DOCUMENTS`; HTML without script, and with nothing from anywhere else.
        The same for the same site, graph, date and checkpoints.
    """
    file = told.site.file
    made = {
        name: _templates()
        .get_template(f"{name}.j2")
        .render(told=told, site=file, notice=file.notice, privacy=file.privacy)
        for name in DOCUMENTS
        if name != LINKED
    }
    made[LINKED] = json.dumps(linked_data(told), indent=1, ensure_ascii=False) + "\n"
    return {name: made[name] for name in DOCUMENTS}


@cache
def _templates() -> "Environment":
    environment = templates("assets.notice", keep_trailing_newline=True)
    environment.filters |= {
        "date": spoken,
        "sentence": lambda text: f"{text[:1].upper()}{text[1:]}.",
    }
    return environment
