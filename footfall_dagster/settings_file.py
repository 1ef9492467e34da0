"""Settings that stand in a file, and how wrong settings are told.

Belongs here: reading the YAML file that FOOTFALL_SETTINGS names, and words for what is wrong in it
or in the environment. Does not belong here: the settings themselves (`footfall_dagster.settings`).
"""

import os
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_settings import BaseSettings, YamlConfigSettingsSource

PREFIX = "FOOTFALL_"
NAMED_BY = "settings"
"""The setting that names the file."""
_SECRET = ("password", "secret", "token", "key")


class SettingsFileError(ValueError):
    """The file of the settings cannot be used; the message quotes none of its values."""


class SettingsFile(YamlConfigSettingsSource):
    """The settings of one YAML file, by their names in lower case."""

    def __init__(self, settings: type[BaseSettings], path: Path | None) -> None:
        if path is not None and not path.is_file():
            raise SettingsFileError(
                f"FOOTFALL_SETTINGS names {path}, which is no file; write it (deploy/settings has "
                "two to begin with), or leave FOOTFALL_SETTINGS out"
            )
        self._names = [name for name in settings.model_fields if name != NAMED_BY]
        super().__init__(settings, yaml_file=path)

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        try:
            told = super()._read_file(file_path)
        except OSError as failure:
            raise SettingsFileError(
                f"{file_path} cannot be read ({failure.strerror}); let who runs this read it"
            ) from None
        except yaml.MarkedYAMLError as wrong:
            # Not its own words, which quote the line.
            line = f", line {wrong.problem_mark.line + 1}" if wrong.problem_mark else ""
            raise SettingsFileError(
                f"{file_path}{line}: this is no YAML; write `name: value`, one a line"
            ) from None
        if not isinstance(told, dict):
            raise SettingsFileError(f"{file_path}: write `name: value`, one a line")
        for name in told:
            if name not in self._names:
                raise SettingsFileError(f"{file_path}: {self._unknown(str(name))}")
        # As in the environment, what is left empty is not set.
        return {name: value for name, value in told.items() if value not in {None, ""}}

    def _unknown(self, name: str) -> str:
        if any(word in name.lower() for word in _SECRET):
            return (
                f"{name} is no setting, and a secret must not stand in this file; passwords and "
                "keys come from PGPASSFILE and AWS_SHARED_CREDENTIALS_FILE, or the environment"
            )
        near = get_close_matches(name.lower().removeprefix(PREFIX.lower()), self._names, n=1)
        known = f"did you mean {near[0]}" if near else f"known are {', '.join(self._names)}"
        return f"{name} is no setting; {known}"


def wrong_settings(failure: ValueError) -> list[str]:
    """What is wrong in the settings and where, a line each; nothing where `failure` is another."""
    if isinstance(failure, SettingsFileError):
        return [str(failure)]
    if not isinstance(failure, ValidationError) or failure.title != "Settings":
        return []
    return list(_in_words(failure))


def _in_words(wrong: ValidationError) -> Iterator[str]:
    file = os.environ.get(PREFIX + NAMED_BY.upper())
    for problem in wrong.errors():
        # Never what was given, which may be a password.
        name = str(problem["loc"][0]) if problem["loc"] else ""
        told = problem["msg"].removeprefix("Value error, ")
        variable = PREFIX + name.upper()
        if not name:
            yield told
        elif file and not os.environ.get(variable):
            yield f"{file}, {name}: {told}"
        else:
            yield f"{variable}: {told}"
