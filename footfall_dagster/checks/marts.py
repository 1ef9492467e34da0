"""Great Expectations on the marts: rows by the contract, totals by the events and earlier weeks.

Belongs here: which suites there are, and turning what came of them into asset checks. Does not
belong here: running rules (`footfall_dagster.checks.validation`), the rules
(`footfall_dagster.checks.mart_rules`) and the summaries (`footfall_dagster.checks.mart_totals`,
`mart_drift`).

Great Expectations is imported when a check runs (seconds, hundreds of megabytes), and all marts of
a site-day are checked in one step, so that this is paid once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
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
from assets.storage import CameraDays, ReportStore, Warehouse
from footfall_dagster.checks import data_docs as docs_page
from footfall_dagster.checks import mart_drift
from footfall_dagster.checks.mart_rules import equal_totals, rules
from footfall_dagster.checks.mart_totals import MEASURES, totals, unobserved_events
from footfall_dagster.checks.partitioned_check import partitioned_check
from footfall_dagster.checks.validation import Outcome, Validation, validation
from footfall_dagster.privacy.wall import Refused
from vision.site.models import SiteDay

ROWS, TOTALS, OBSERVATION, DRIFT = "rows", "totals", "observation", "drift"
"""Names of the checks."""
_ROWS_TOLD = "Every row is as the contract says; no figure where nothing was observed."
_TOTALS_TOLD = "What the mart adds up to over the day equals what the events add up to."
_DRIFT_TOLD = "What the day adds up to is as on the same weekday of the weeks before it."
_OBSERVATION_TOLD = "Every camera delivered the day, and no event lies outside what it recorded."


@dataclass(frozen=True, slots=True)
class _Judged:
    """One check of one mart.

    Attributes:
        key: Of the mart.
        check: Name of the check.
        found: What came of its suite; None where there is nothing to compare the mart with.
        figures: Shown beside it.
        warning: Tells of it where it is to warn and no more.
    """

    key: dg.AssetKey
    check: str
    found: Validation | None
    figures: Mapping[str, int] = field(default_factory=dict)
    warning: str | None = None

    @property
    def passed(self) -> bool:
        return self.found is None or self.found.passed


def build(plan: SitePlan) -> list[dg.AssetChecksDefinition]:
    """Checks of the core marts of a site, all in one step.

    `rows` and `totals` block what is made from a mart: a release or a report of wrong figures
    would be worse than none. `observation` and `drift` warn.
    """
    inputs = sorted(contract.name for contract in DATASETS)
    deps = [dg.AssetDep(plan.key(name), partition_mapping=cameras_of_day()) for name in inputs]
    specs = _specs(plan, deps)

    @dg.multi_asset_check(
        name=f"{plan.site.id}__marts__expectations",
        specs=specs,
        ins={name: dg.AssetIn(plan.key(name)) for name in inputs},
        can_subset=True,
    )
    def check(
        context: dg.AssetCheckExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        lake: dg.ResourceParam[CameraDays],
        data_docs: dg.ResourceParam[ReportStore],
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
        judged: list[_Judged] = []
        rows = warehouse.read_days(list(MARTS.values()), plan.site.id, [site_day.day])
        for mart in MARTS.values():
            key, stored = plan.key(mart.name), rows[mart.name]
            of_mart = []
            if dg.AssetCheckKey(key, ROWS) in selected:
                of_mart.append(_rows(key, mart, stored, site_day, tables, purged))
            if dg.AssetCheckKey(key, TOTALS) in selected:
                of_mart.append(_totalled(key, mart, stored, tables, purged))
            passed = all(one.passed for one in of_mart)
            if len(of_mart) == len(_blocking(mart)) or not passed:
                warehouse.note_checked(mart, plan.site.id, site_day.day, stored, passed=passed)
            if dg.AssetCheckKey(key, DRIFT) in selected:
                of_mart.append(_drift(key, mart, site_day, warehouse))
            judged += of_mart
        # Of some of the checks there would be half a page, in place of a whole one.
        docs = _documented(judged, site_day, data_docs) if len(selected) == len(specs) else {}
        yield from (_result(one, docs) for one in judged)
        if dg.AssetCheckKey(plan.key(GATE_COUNTS_15MIN.name), OBSERVATION) in selected:
            yield _observation(plan, tables)

    return [check]


def _blocking(mart: MartContract) -> tuple[str, ...]:
    """Checks of a mart without which nothing of it is released."""
    return (ROWS, TOTALS) if mart.name in MEASURES else (ROWS,)


def _rows(
    key: dg.AssetKey,
    mart: MartContract,
    stored: pl.DataFrame,
    site_day: SiteDay,
    tables: Mapping[str, pl.DataFrame],
    purged: Purged,
) -> _Judged:
    if stored.is_empty() and past_retention(mart, purged):
        # They went because somebody objected, and what they were made of had gone by age.
        return _Judged(key, ROWS, None)
    wanted = rules(mart, site_day, tables)
    found = validation(mart.name, stored, wanted, f"{mart.description} {_ROWS_TOLD}")
    return _Judged(key, ROWS, found)


def _totalled(
    key: dg.AssetKey,
    mart: MartContract,
    stored: pl.DataFrame,
    tables: Mapping[str, pl.DataFrame],
    purged: Purged,
) -> _Judged:
    if past_retention(mart, purged):
        return _Judged(key, TOTALS, None)
    summary = totals(mart, stored, tables)
    wanted = equal_totals(MEASURES[mart.name])
    found = validation(f"{mart.name} {TOTALS}", summary, wanted, _TOTALS_TOLD)
    return _Judged(key, TOTALS, found, _sums(summary))


def _drift(
    key: dg.AssetKey, mart: MartContract, site_day: SiteDay, warehouse: Warehouse
) -> _Judged:
    days = mart_drift.days(site_day.day)
    rows = warehouse.read_days([mart], site_day.site.id, days)[mart.name]
    scored = mart_drift.summary(mart, rows, site_day)
    found = validation(f"{mart.name} {DRIFT}", scored, mart_drift.rules(mart), _DRIFT_TOLD)
    return _Judged(key, DRIFT, found, warning=mart_drift.told(mart, scored, site_day.day))


def _documented(
    judged: Sequence[_Judged], site_day: SiteDay, store: ReportStore
) -> dict[str, dg.MetadataValue[Any]]:
    """Store Data Docs of the day; return what links to them.

    A page that the wall refuses costs nobody the checks.
    """
    page = docs_page.render(site_day, [one.found for one in judged if one.found is not None])
    try:
        return {"data_docs": dg.MetadataValue.path(store.write(site_day.day, page))}
    except Refused as refused:
        return {"data_docs": dg.MetadataValue.text(str(refused))}


def _specs(plan: SitePlan, deps: Sequence[dg.AssetDep]) -> list[dg.AssetCheckSpec]:
    told = {ROWS: _ROWS_TOLD, TOTALS: _TOTALS_TOLD}
    wanted = [
        (plan.key(mart.name), name, told[name], True)
        for mart in MARTS.values()
        for name in _blocking(mart)
    ]
    wanted += [(plan.key(name), DRIFT, _DRIFT_TOLD, False) for name in mart_drift.MEASURES]
    wanted.append((plan.key(GATE_COUNTS_15MIN.name), OBSERVATION, _OBSERVATION_TOLD, False))
    return [
        partitioned_check(
            name, key, plan.days, description=text, blocking=blocking, additional_deps=deps
        )
        for key, name, text, blocking in wanted
    ]


def _result(judged: _Judged, docs: Mapping[str, dg.MetadataValue[Any]]) -> dg.AssetCheckResult:
    if judged.found is None:
        return dg.AssetCheckResult(
            asset_key=judged.key,
            check_name=judged.check,
            passed=True,
            description="nothing to compare with: what it is made of is past its retention",
            metadata={"rules": 0},
        )
    outcomes = judged.found.outcomes
    broken = [outcome for outcome in outcomes if outcome.failed]
    told = "; ".join(
        f"{outcome.rule}: {outcome.problem or f'{outcome.failed} of {outcome.rows} rows fail'}"
        for outcome in broken
    )
    return dg.AssetCheckResult(
        asset_key=judged.key,
        check_name=judged.check,
        passed=judged.passed,
        severity=dg.AssetCheckSeverity.WARN if judged.warning else dg.AssetCheckSeverity.ERROR,
        description=judged.warning or told or f"{len(outcomes)} rules hold",
        metadata={
            "suite": judged.found.suite,
            "rules": len(outcomes),
            "rules_broken": len(broken),
            **judged.figures,
            "by_rule": _by_rule(outcomes),
            **docs,
        },
    )


def _by_rule(outcomes: Sequence[Outcome]) -> dg.TableMetadataValue:
    return dg.MetadataValue.table(
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
