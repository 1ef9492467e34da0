"""Exports of recorders: from a folder of files to one timeline of frames, with a ledger of gaps.

Belongs here: names, clocks, probing, the catalogue, coverage, and decoding in time. Does not belong
here: anything about what is seen in a frame.
"""
