"""Great Expectations on the marts: every row by its contract, every total by its events.

Belongs here: running rules with Great Expectations and turning the outcome into asset checks. Does
not belong here: the rules (`footfall_dagster.checks.mart_rules`) and the summaries
(`footfall_dagster.checks.mart_totals`).

Great Expectations is imported when a check runs (seconds, hundreds of megabytes), and all marts of
a site-day are checked in one step, so that this is paid once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg
import polars as pl

from assets.marts.contracts import MARTS
from assets.marts.core import cameras_of_day, past_retention, purged_inputs
from assets.marts.inputs import OBSERVED, Purged, RowsByCamera, relations
from assets.marts.of_gates import GATE_COUNTS_15MIN
from assets.marts.positions import counted
from assets.marts.queries import DATASETS
from assets.marts.schema import MartContract
from assets.plan import SitePlan
from assets.storage import CameraDays, Warehouse
from footfall_dagster.checks.mart_rules import Condition, Rule, equal_totals, rules
from footfall_dagster.checks.mart_totals import MEASURES, totals, unobserved_events
from footfall_dagster.checks.partitioned_check import partitioned_check

ROWS, TOTALS, OBSERVATION = "rows", "totals", "observation"
"""Names of the checks."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one rule: rows looked at and rows that break it.

    `problem` is the kind of exception where the rule could not be run, which counts as broken.
    """

    rule: str
    rows: int
    failed: int
    problem: str | None = None


def validate(frame: pl.DataFrame, wanted: Iterable[Rule]) -> list[Outcome]:
    """Run rules over a frame with Great Expectations.

    Args:
        frame: Rows of a mart or of a summary; millions of rows take minutes.
        wanted: The rules.

    Returns:
        One outcome per rule, in order. No value of any row is in it.
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
    suite = gx.ExpectationSuite(
        name="rules",
        expectations=[
            getattr(library, rule.expectation)(
                **rule.arguments,
                **({"row_condition": _condition(rule.where)} if rule.where else {}),
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
    result = batch.validate(suite, result_format="BASIC")
    # Great Expectations reorders them; each carries the number of its rule.
    found = {one.expectation_config.meta["rule"]: one for one in result.results}
    return [_outcome(rule, frame.height, found[number]) for number, rule in enumerate(listed)]


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


def build(plan: SitePlan) -> list[dg.AssetChecksDefinition]:
    """Checks of the core marts of a site, all in one step.

    `rows` and `totals` block what is made from a mart: a release or a report of wrong figures
    would be worse than none. `observation` warns.
    """
    inputs = sorted(contract.name for contract in DATASETS)
    deps = [dg.AssetDep(plan.key(name), partition_mapping=cameras_of_day()) for name in inputs]

    @dg.multi_asset_check(
        name=f"{plan.site.id}__marts__expectations",
        specs=_specs(plan, deps),
        ins={name: dg.AssetIn(plan.key(name)) for name in inputs},
        can_subset=True,
    )
    def check(
        context: dg.AssetCheckExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        lake: dg.ResourceParam[CameraDays],
        anonymised_trajectories: RowsByCamera,
        coverage: RowsByCamera,
        gate_events: RowsByCamera,
        zone_visits: RowsByCamera,
    ) -> Iterator[dg.AssetCheckResult]:
        site_day = plan.day(context)
        events = {
            "anonymised_trajectories": anonymised_trajectories,
            "gate_events": gate_events,
            "zone_visits": zone_visits,
        }
        purged = purged_inputs(lake, site_day.day)
        tables = relations(site_day, coverage, events, purged, lake.failed(site_day.day))
        tables |= counted(anonymised_trajectories, tables)
        selected = context.selected_asset_check_keys
        for mart in MARTS.values():
            key = plan.key(mart.name)
            stored = warehouse.read_day(mart, plan.site.id, site_day.day)
            results = []
            if dg.AssetCheckKey(key, ROWS) in selected:
                results.append(_result(key, ROWS, validate(stored, rules(mart, site_day, tables))))
            if dg.AssetCheckKey(key, TOTALS) in selected:
                results.append(_totalled(key, mart, stored, tables, purged))
            passed = all(result.passed for result in results)
            if len(results) == len(_blocking(mart)) or not passed:
                warehouse.note_checked(mart, plan.site.id, site_day.day, stored, passed=passed)
            yield from results
        if dg.AssetCheckKey(plan.key(GATE_COUNTS_15MIN.name), OBSERVATION) in selected:
            yield _observation(plan, tables)

    return [check]


def _blocking(mart: MartContract) -> tuple[str, ...]:
    """Checks of a mart without which nothing of it is released."""
    return (ROWS, TOTALS) if mart.name in MEASURES else (ROWS,)


def _totalled(
    key: dg.AssetKey,
    mart: MartContract,
    stored: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    purged: Purged,
) -> dg.AssetCheckResult:
    if past_retention(mart, purged):
        return _not_comparable(key)
    summary = totals(mart, stored, tables)
    found = validate(summary, equal_totals(MEASURES[mart.name]))
    return _result(key, TOTALS, found, _sums(summary))


def _specs(plan: SitePlan, deps: Sequence[dg.AssetDep]) -> list[dg.AssetCheckSpec]:
    told = {
        ROWS: "Every row is as the contract says; no figure where nothing was observed.",
        TOTALS: "What the mart adds up to over the day equals what the events add up to.",
    }
    wanted = [
        (plan.key(mart.name), name, told[name], True)
        for mart in MARTS.values()
        for name in _blocking(mart)
    ]
    observed = "Every camera delivered the day, and no event lies outside what it recorded."
    wanted.append((plan.key(GATE_COUNTS_15MIN.name), OBSERVATION, observed, False))
    return [
        partitioned_check(
            name, key, plan.days, description=text, blocking=blocking, additional_deps=deps
        )
        for key, name, text, blocking in wanted
    ]


def _result(
    key: dg.AssetKey,
    name: str,
    outcomes: Sequence[Outcome],
    figures: Mapping[str, int] | None = None,
) -> dg.AssetCheckResult:
    broken = [outcome for outcome in outcomes if outcome.failed]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not broken,
        description="; ".join(
            f"{outcome.rule}: {outcome.problem or f'{outcome.failed} of {outcome.rows} rows fail'}"
            for outcome in broken
        )
        or f"{len(outcomes)} rules hold",
        metadata={
            "rules": len(outcomes),
            "rules_broken": len(broken),
            **(figures or {}),
            "by_rule": dg.MetadataValue.table(
                [
                    dg.TableRecord({"rule": one.rule, "rows": one.rows, "rows_failed": one.failed})
                    for one in outcomes
                ],
                schema=dg.TableSchema(
                    [
                        dg.TableColumn("rule", "string"),
                        dg.TableColumn("rows", "int"),
                        dg.TableColumn("rows_failed", "int"),
                    ]
                ),
            ),
        },
    )


def _not_comparable(key: dg.AssetKey) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=TOTALS,
        passed=True,
        description="nothing to compare with: what it is made of is past its retention",
        metadata={"rules": 0},
    )


def _sums(summary: pl.DataFrame) -> dict[str, int]:
    return {
        name: int(summary[name].sum() or 0)
        for name in summary.columns
        if summary[name].dtype == pl.Int64
    }


def _observation(plan: SitePlan, tables: Mapping[str, pl.DataFrame]) -> dg.AssetCheckResult:
    outside = unobserved_events(tables)
    states = dict(tables["cameras"].select("camera", "state").iter_rows())
    late = {camera: state for camera, state in states.items() if state != OBSERVED}
    lost = int(outside["unobserved"].sum())
    complaints = [f"{camera} is {state}: its figures are NULL" for camera, state in late.items()]
    if lost:
        complaints.append(f"{lost} events lie where their camera recorded nothing: not counted")
    return dg.AssetCheckResult(
        asset_key=plan.key(GATE_COUNTS_15MIN.name),
        check_name=OBSERVATION,
        passed=not complaints,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(complaints) or "every camera delivered the day",
        metadata={
            "cameras": len(states),
            "cameras_observed": len(states) - len(late),
            "events": int(outside["events"].sum()),
            "events_outside_coverage": lost,
        },
    )
