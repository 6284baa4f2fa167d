"""What the documents name is there."""

import re
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_every_file_that_a_document_names_is_there(document: str) -> None:
    text = (HOME / document).read_text(encoding="utf-8")
    named = re.findall(r"`((?:scripts|tests|task_configs|templates|benchmarks|qagen)/[\w/.]*\w)`", text)
    assert [name for name in named if not (HOME / name).exists()] == []


def test_the_license_and_the_ci_script_are_there() -> None:
    assert "Apache License" in (HOME / "LICENSE").read_text(encoding="utf-8")
    assert "scripts/check.sh" in (HOME / ".ci" / "run").read_text(encoding="utf-8")
