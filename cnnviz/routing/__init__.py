"""The way of the gradient: through the windows of a pool, into the filters, and the proof that it is right.

Ties and routes of pools, the terms of a filter's gradient, finite differences with their kinks, one step of
an update. All are pure functions of a network and a sample; nothing is trained here.
"""

from cnnviz.optim import apply_update
from cnnviz.routing._bench import Target
from cnnviz.routing.agreement import TOLERANCE, VERDICTS, Verdict
from cnnviz.routing.check import CheckEntry, GradientCheck, check_all
from cnnviz.routing.filters import FilterTerms, filter_gradient_terms, pool_after
from cnnviz.routing.poke import Poke, PokeCurve, poke, poke_curve
from cnnviz.routing.pools import (
    PoolRouting,
    Routes,
    TieRate,
    pool_routes,
    pool_routing,
    tie_rate_of_images,
    with_ties,
)

__all__ = [
    "TOLERANCE",
    "VERDICTS",
    "CheckEntry",
    "FilterTerms",
    "GradientCheck",
    "Poke",
    "PokeCurve",
    "PoolRouting",
    "Routes",
    "Target",
    "TieRate",
    "Verdict",
    "apply_update",
    "check_all",
    "filter_gradient_terms",
    "poke",
    "poke_curve",
    "pool_after",
    "pool_routes",
    "pool_routing",
    "tie_rate_of_images",
    "with_ties",
]
