"""The privacy wall: what may pass it, and the proof that nothing else did.

Belongs here: the check of every file before it may be read right of tracking, and of the metadata
that goes with it. Does not belong here: what the datasets are (`vision.contracts`).
"""
