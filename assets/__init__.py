"""One module per stage of the flow: what is made from what.

Belongs here: assets, their partitions, the marts' contracts and the release policy. Does not
belong here: where anything is stored (`footfall_dagster`), how it is computed (`vision`, `sql`).
"""
