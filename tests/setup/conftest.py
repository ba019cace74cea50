"""What the tests of the scripts share."""

import os
from pathlib import Path

import pytest

from tests.setup.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    if os.name != "posix":
        pytest.skip("the scripts are for POSIX shells")
    return Project(tmp_path)
