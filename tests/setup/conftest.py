"""What the tests of the scripts share."""

import os

import pytest

from tests.setup.project import Project


@pytest.fixture
def project(tmp_path) -> Project:
    if os.name != "posix":
        pytest.skip("the scripts are for POSIX shells")
    return Project(tmp_path)
