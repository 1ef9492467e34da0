"""Great Expectations on the marts: rows by the contract, totals by the events and earlier weeks.

Belongs here: which suites there are, and turning what came of them into asset checks. Does not
belong here: running rules (`footfall_dagster.checks.validation`), the rules
(`footfall_dagster.checks.mart_rules`) and the summaries (`footfall_dagster.checks.mart_totals`,
`mart_drift`).

Great Expectations is imported when a check runs (seconds, hundreds of megabytes), and all marts of
a site-day are checked in one step, so that this is paid once.
"""

from collections.abc import Iterator, Mapping, Sequence

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
from footfall_dagster.checks import mart_drift
from footfall_dagster.checks.mart_rules import equal_totals, rules
from footfall_dagster.checks.mart_totals import MEASURES, totals, unobserved_events
from footfall_dagster.checks.partitioned_check import partitioned_check
from footfall_dagster.checks.validation import Validation, validation
from vision.site.models import SiteDay

ROWS, TOTALS, OBSERVATION, DRIFT = "rows", "totals", "observation", "drift"
"""Names of the checks."""


def build(plan: SitePlan) -> list[dg.AssetChecksDefinition]:
    """Checks of the core marts of a site, all in one step.

    `rows` and `totals` block what is made from a mart: a release or a report of wrong figures
    would be worse than none. `observation` and `drift` warn.
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
                found = validation(mart.name, stored, rules(mart, site_day, tables))
                results.append(_result(key, ROWS, found))
            if dg.AssetCheckKey(key, TOTALS) in selected:
                results.append(_totalled(key, mart, stored, tables, purged))
            passed = all(result.passed for result in results)
            if len(results) == len(_blocking(mart)) or not passed:
                warehouse.note_checked(mart, plan.site.id, site_day.day, stored, passed=passed)
            if dg.AssetCheckKey(key, DRIFT) in selected:
                results.append(_drift(key, mart, site_day, warehouse))
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
    found = validation(f"{mart.name} {TOTALS}", summary, equal_totals(MEASURES[mart.name]))
    return _result(key, TOTALS, found, _sums(summary))


def _drift(
    key: dg.AssetKey, mart: MartContract, site_day: SiteDay, warehouse: Warehouse
) -> dg.AssetCheckResult:
    days = mart_drift.days(site_day.day)
    rows = warehouse.read_days(mart, site_day.site.id, days)
    scored = mart_drift.summary(mart, rows, site_day)
    found = validation(f"{mart.name} {DRIFT}", scored, mart_drift.rules(mart))
    return _result(key, DRIFT, found, warning=mart_drift.told(mart, scored, site_day.day))


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
    drift = "What the day adds up to is as on the same weekday of the weeks before it."
    wanted += [(plan.key(name), DRIFT, drift, False) for name in mart_drift.MEASURES]
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
    found: Validation,
    figures: Mapping[str, int] | None = None,
    warning: str | None = None,
) -> dg.AssetCheckResult:
    """What is shown of a validation; with `warning`, which tells of it, it is no error."""
    broken = [outcome for outcome in found.outcomes if outcome.failed]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=found.passed,
        severity=dg.AssetCheckSeverity.WARN if warning else dg.AssetCheckSeverity.ERROR,
        description=warning
        or "; ".join(
            f"{outcome.rule}: {outcome.problem or f'{outcome.failed} of {outcome.rows} rows fail'}"
            for outcome in broken
        )
        or f"{len(found.outcomes)} rules hold",
        metadata={
            "suite": found.suite,
            "rules": len(found.outcomes),
            "rules_broken": len(broken),
            **(figures or {}),
            "by_rule": dg.MetadataValue.table(
                [
                    dg.TableRecord({"rule": one.rule, "rows": one.rows, "rows_failed": one.failed})
                    for one in found.outcomes
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
