"""Tables of `footfall audit`: what to count, and how exact gates are.

Belongs here: printing. Does not belong here: options and exit codes (`footfall_dagster.cli.audit`).
"""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from footfall_dagster.audits.recorded import Recorded
from footfall_dagster.audits.score import BOTH, Scored
from footfall_dagster.audits.sheet import ENTRIES, EXITS, code, local
from footfall_dagster.cli.summary import accuracy
from vision.site.audit_sample import Interval
from vision.site.models import Site


def print_drawn(site: Site, found: Sequence[tuple[Interval, str, Sequence[Recorded]]]) -> None:
    """Print the list for whoever counts."""
    table = Table(title=f"Count by eye at {escape(site.file.name)}", title_justify="left")
    for name in ("code", "starts", "for", "gate", "camera"):
        table.add_column(name, no_wrap=True)
    table.add_column("recording, and how far into it")
    for one, camera, places in found:
        starts = local(one.starts_at, site.zone_info)
        where = "\n".join(
            f"{place}{'' if place.is_there else ' (not there any more)'}" for place in places
        )
        table.add_row(
            code(site.id, one.gate, starts, one.minutes),
            f"{starts:%a %Y-%m-%d %H:%M}",
            f"{one.minutes} min",
            one.gate,
            camera,
            escape(where) or "nothing is stored of its files",
        )
    Console().print(table)


def print_exactness(scored: Scored) -> None:
    """Print how exact gates are by the counts of a sheet."""
    table = Table(title="How exact gates are by these counts", title_justify="left")
    table.add_column("gate")
    for name in ("intervals", "minutes", "in, by eye", "by gate", "out, by eye", "by gate"):
        table.add_column(name, justify="right")
    for name in ("entries", "exits", "accuracy, 19 in 20"):
        table.add_column(name, justify="right")
    by_gate = {
        name: {row["gate"]: row for row in rows.iter_rows(named=True) if row["audits"]}
        for name, rows in scored.exactness.items()
    }
    counted = ("audits", "audited_minutes", "audited_entries", "gate_entries")
    for gate, row in by_gate[BOTH].items():
        cells = [str(row[name]) for name in (*counted, "audited_exits", "gate_exits")]
        told = [accuracy(by_gate[name][gate]) for name in (ENTRIES, EXITS, BOTH)]
        table.add_row(gate, *cells, *told)
    Console().print(table)
