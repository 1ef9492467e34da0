"""How a check of a partitioned asset is declared.

Belongs here: the one call to a part of Dagster that is still in preview. Does not belong here: any
check.
"""

import warnings
from collections.abc import Sequence

import dagster as dg


def partitioned_check(
    name: str,
    asset: dg.AssetKey,
    partitions: dg.PartitionsDefinition[str],
    *,
    description: str,
    blocking: bool,
    additional_deps: Sequence[dg.AssetDep] = (),
) -> dg.AssetCheckSpec:
    """A check that is run and shown per partition, as its asset is.

    Dagster 1.13 marks `partitions_def` of a check as preview, so the exact version is pinned in
    constraints.txt and a test materialises a partition with its checks.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return dg.AssetCheckSpec(
            name,
            asset=asset,
            description=description,
            blocking=blocking,
            partitions_def=partitions,
            additional_deps=additional_deps,
        )
