"""The public notice and the records that go with it: what they say, from site file and asset graph.

Belongs here: which fields are stated, the words for them, and the documents. Does not belong here:
keeping a notice and telling a changed one (`footfall_dagster.notice`), any fact about a site.
"""
