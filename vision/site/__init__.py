"""The site file: what a shopping centre is, in metres and minutes.

Belongs here: the models of site.yaml and cameras.yaml, reading them with messages that name file
and line, the plan geometry, and the drawing of it. Does not belong here: anything about video.
"""
