"""Fixtures of the engine tests. Nothing here, and nothing in `cnnviz`, needs Qt."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cnnviz.experiment import LAB5
from cnnviz.lab.measured import measured_lab
from cnnviz.lab.results import HandIn
from cnnviz.lab.verifying import Row, verify
from cnnviz.network import Network
from tests.engine.lab_cases import LABS, honest, numbers_of
from tests.small_data import write_npz


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240229)


@pytest.fixture
def binary_network() -> Network:
    """One logit, float64, ties shared by all: the laboratory's network on a small image."""
    return replace(LAB5, filters=(3,), seed=3).build_network((1, 9, 9))


@pytest.fixture(scope="session")
def digits_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of the small lab as a file, for processes of their own."""
    return write_npz(tmp_path_factory.mktemp("digits") / "digits.npz", training=12, testing=12)


@pytest.fixture(scope="session")
def students() -> list[HandIn]:
    return [honest(number) for number in range(40, 45)]


@pytest.fixture(scope="session")
def rows_of(digits_file: Path):
    """Check the hand-ins of a folder or an archive; return the rows by their first file.

    What the students have measured is not measured again, which takes most of the time.
    """

    def measured(lab, data, seed, own):
        return numbers_of(seed) if own is None else measured_lab(lab, data, seed, own)

    def rows(place: Path, **options) -> dict[str, Row]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("cnnviz.lab.verifying.measured_lab", measured)
            found = verify([place], LABS, digits_file, processes=1, **options)
        return {"/".join(row.files[0].parts[1:]) if row.files else "": row for row in found}

    return rows
