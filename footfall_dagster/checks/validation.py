"""Running rules over a frame with Great Expectations.

Belongs here: one suite, one frame, what came of it. Does not belong here: the rules
(`mart_rules`), which frames there are (`marts`), showing the outcome (`data_docs`).

Great Expectations is imported when rules are run: that takes seconds and hundreds of megabytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from footfall_dagster.checks.mart_rules import Condition, Rule

_WITHOUT_VALUES = {"result_format": "BASIC", "partial_unexpected_count": 0}
"""How many rows break a rule, and none of what stands in them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one rule: rows looked at and rows that break it.

    `problem` is the kind of exception where the rule could not be run, which counts as broken.
    """

    rule: str
    rows: int
    failed: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Validation:
    """What came of one suite.

    Attributes:
        suite: Its name.
        about: What it is for.
        rules: In order.
        outcomes: Of each rule. No value of any row is in them.
        expectations: Great Expectations' own configuration of each rule.
    """

    suite: str
    about: str
    rules: Sequence[Rule]
    outcomes: Sequence[Outcome]
    expectations: Sequence[Any]

    @property
    def passed(self) -> bool:
        """Whether every rule holds."""
        return not any(outcome.failed for outcome in self.outcomes)


def validate(frame: pl.DataFrame, wanted: Iterable[Rule]) -> list[Outcome]:
    """Run rules over a frame; see `validation`."""
    return list(validation("rules", frame, wanted).outcomes)


def validation(
    suite: str, frame: pl.DataFrame, wanted: Iterable[Rule], about: str = ""
) -> Validation:
    """Run a suite of rules over a frame with Great Expectations.

    Args:
        suite: Its name.
        frame: Rows of a mart or of a summary; millions of rows take minutes.
        wanted: The rules.
        about: What the suite is for, in a sentence.
    """
    import great_expectations as gx
    from great_expectations import expectations as library
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    listed = list(wanted)
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    expected = gx.ExpectationSuite(
        name=suite,
        notes=about or None,
        expectations=[
            getattr(library, rule.expectation)(
                **rule.arguments,
                **({"row_condition": _condition(rule.where)} if rule.where else {}),
                notes=rule.notes or None,
                meta={"rule": number},
            )
            for number, rule in enumerate(listed)
        ],
    )
    batch = (
        context.data_sources.add_pandas("frames")
        .add_dataframe_asset("frame")
        .add_batch_definition_whole_dataframe("whole")
        .get_batch({"dataframe": frame.to_pandas()})
    )
    result = batch.validate(expected, result_format=_WITHOUT_VALUES)
    # Great Expectations reorders them; each carries the number of its rule.
    found = {one.expectation_config.meta["rule"]: one for one in result.results}
    return Validation(
        suite,
        about,
        listed,
        [_outcome(rule, frame.height, found[number]) for number, rule in enumerate(listed)],
        [found[number].expectation_config for number in range(len(listed))],
    )


def _condition(where: Condition) -> Any:
    from great_expectations.expectations.row_conditions import Column

    column, comparison, value = where
    return Column(column) > value if comparison == ">" else Column(column) == value


def _outcome(rule: Rule, rows: int, found: Any) -> Outcome:
    looked_at = int(found.result.get("element_count", rows) or 0)
    failed = int(found.result.get("unexpected_count") or 0)
    if found.success:
        return Outcome(rule.name, looked_at, 0)
    # The message of an exception may quote a value; its kind does not.
    raised = found.exception_info.get("raised_exception")
    problem = "the rule could not be run on this table" if raised or not found.result else None
    return Outcome(rule.name, looked_at, failed or 1, problem)
