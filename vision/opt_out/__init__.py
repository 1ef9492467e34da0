"""Leaving out who wears a tag that asks for it.

Belongs here: what the tag looks like, reading it in frames, who is left out because of it, and how
far from a camera it works. Does not belong here: the site's choice of a tag (`vision.site.models`),
when it is looked for (`assets.opt_out`).
"""
