"""Every mart a second time, in plain Python, from docs/metrics.md.

Belongs here: figures from the stored rows of camera-days and the site file, by loops over rows that
one can follow with a pencil, and the comparison of them with what marts hold. Does not belong here:
SQL, data frames, or anything of `assets.marts` but the contracts that rows are compared by: what
both sides shared could be wrong on both.

A module has a mart where `assets.marts` has its contract.
"""
