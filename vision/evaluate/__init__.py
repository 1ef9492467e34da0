"""Figures of how well people are found, followed and counted, beside a truth.

Belongs here: reading truth, comparing, figures. Does not belong here: making detections or tracks,
tables on a screen (`footfall_dagster.cli.evaluate`), or where the truth of a camera-day lies.
"""
