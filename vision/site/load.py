"""Reading a site directory.

Belongs here: from the files of a directory to a `Site`, or to everything that is wrong with
them. Does not belong here: YAML (`vision.site.yaml_tree`), messages (`vision.site.wording`), rules
between entries (`vision.site.rules`).
"""

import json
import os
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from vision.site import rules, wording
from vision.site.audits import AuditsFile
from vision.site.models import CamerasFile, Site, SiteFile
from vision.site.problems import AUDITS_YAML, CAMERAS_YAML, SITE_YAML, Problem, SiteFileError
from vision.site.yaml_tree import Tree, read_tree

__all__ = ["CAMERAS_YAML", "SITE_YAML", "Problem", "SiteFileError", "load_site"]

_M = TypeVar("_M", bound=BaseModel)


def load_site(directory: Path) -> Site:
    """Read site.yaml, cameras.yaml and, where there is one, audits.yaml of a site directory.

    Args:
        directory: Folder that holds the files.

    Returns:
        The site, all versions of every entry; every rule of `vision.site.rules` holds for it.

    Raises:
        SiteFileError: Anything is wrong; it carries every problem that could be found at once.
    """
    if not directory.is_dir():
        what = "there is no such folder" if not directory.exists() else "this is not a folder"
        remedy = f"give the folder that holds {SITE_YAML} and {CAMERAS_YAML}"
        raise SiteFileError([Problem(str(directory), None, "", what, remedy)])
    names = [SITE_YAML, CAMERAS_YAML]
    audits = directory / AUDITS_YAML
    # One by a name that is nearly right is told of, and not passed over.
    if any(os.path.lexists(path) for path in (audits, audits.with_suffix(".yml"))):
        names.append(AUDITS_YAML)
    trees = {name: read_tree(directory / name) for name in names}
    file = _parse(trees[SITE_YAML], SiteFile)
    cameras = _parse(trees[CAMERAS_YAML], CamerasFile)
    counted = _parse(trees[AUDITS_YAML], AuditsFile) if AUDITS_YAML in trees else AuditsFile()
    problems = [problem for tree in trees.values() for problem in tree.problems]
    if problems or file is None or cameras is None or counted is None:
        raise SiteFileError(problems)
    site = Site(file=file, cameras=cameras.cameras, audits=counted.audits)
    broken = [trees[fault.file].problem(fault) for fault in rules.faults(site)]
    if broken:
        raise SiteFileError(broken)
    return site


def _parse(tree: Tree, model: type[_M]) -> _M | None:
    """Turn a tree into its model; on failure the tree's problems grow and None is returned."""
    if tree.problems:
        return None
    try:
        # JSON because pydantic's strict mode reads dates from text there, and only from text: in
        # lax mode `opens: 9` would be nine seconds past midnight.
        return model.model_validate_json(json.dumps(tree.values), strict=True)
    except ValidationError as error:
        tree.problems += [tree.problem(fault) for fault in wording.faults(tree.file, model, error)]
        return None
