"""The computation of one cell, or of one logit, written out with the numbers of one image."""

from cnnviz.inspect.arithmetic.evidence import Evidence, dense_evidence, evidence_slopes
from cnnviz.inspect.arithmetic.explain import (
    ActivationCell,
    CellArithmetic,
    Contribution,
    ConvolutionCell,
    DenseCell,
    FlattenCell,
    LinearPoolCell,
    MaxPoolCell,
    explain_cell,
    lead_of,
)

__all__ = [
    "ActivationCell",
    "CellArithmetic",
    "Contribution",
    "ConvolutionCell",
    "DenseCell",
    "Evidence",
    "FlattenCell",
    "LinearPoolCell",
    "MaxPoolCell",
    "dense_evidence",
    "evidence_slopes",
    "explain_cell",
    "lead_of",
]
