import pytest
from pydantic import ValidationError

from footfall_dagster import settings
from footfall_dagster.settings import Settings


def test_eight_bits_without_what_they_need_are_refused_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda name: None)
    monkeypatch.setenv("FOOTFALL_INT8", "true")
    with pytest.raises(ValidationError, match=r"pip install 'footfall-dagster\[int8\]'"):
        Settings()
    monkeypatch.setenv("FOOTFALL_INT8", "false")
    assert not Settings().int8
