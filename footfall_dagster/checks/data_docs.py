"""Data Docs: what Great Expectations found in the marts of a site-day, as one page.

Belongs here: putting what came of each suite into the page (`data_docs.html.j2`). Does not belong
here: running the suites (`footfall_dagster.checks.validation`), keeping pages
(`footfall_dagster.report_store`).

Great Expectations' own renderer writes what each rule expects. Its page templates are not used:
they load style sheets, scripts and pictures from seven other hosts, and show texts of exceptions,
which may quote values.
"""

from collections.abc import Iterable, Sequence
from string import Template
from typing import Any

from assets.templates import templates
from footfall_dagster.checks.validation import Outcome, Validation
from vision.site.models import SiteDay


def render(site_day: SiteDay, found: Sequence[Validation]) -> str:
    """Make the page of one site-day.

    Args:
        site_day: The site on the day.
        found: What came of each suite, in the order of the page.

    Returns:
        HTML without script, style sheet or picture from anywhere else, and without a value of any
        row; the same for the same outcomes.
    """
    environment = templates("footfall_dagster", "checks")
    environment.filters |= {"share": _share, "anchor": lambda name: name.replace(" ", "-")}
    return environment.get_template("data_docs.html.j2").render(
        site=site_day.site.file,
        day=site_day.day,
        suites=[(one, list(_told(one))) for one in found],
        broken=[(one, outcome) for one in found for outcome in one.outcomes if outcome.failed],
        rules=sum(len(one.outcomes) for one in found),
    )


def _told(found: Validation) -> Iterable[tuple[Outcome, str, str]]:
    """Of each rule what came of it, what is expected in Great Expectations' words, and notes."""
    for rule, outcome, expected in zip(
        found.rules, found.outcomes, found.expectations, strict=True
    ):
        yield outcome, _sentence(expected), rule.notes


def _sentence(expected: Any) -> str:
    """What an expectation says, as Great Expectations writes it in its own Data Docs."""
    from great_expectations.render.renderer.content_block import (
        ExpectationSuiteBulletListContentBlockRenderer as Renderer,
    )

    block = Renderer.render([expected]).to_json_dict()["bullet_list"][0]
    # With notes it is a list, of which they are the second.
    words = (block[0] if isinstance(block, list) else block)["string_template"]
    return Template(words["template"]).safe_substitute(words.get("params", {}))


def _share(outcome: Outcome) -> str:
    """Rows that fail as a share of those looked at; nothing failed is 0, and only that."""
    if not outcome.rows:
        return "–"
    percent = 100 * outcome.failed / outcome.rows
    return f"{percent:.1f} %" if percent >= 0.1 or not outcome.failed else "under 0.1 %"
