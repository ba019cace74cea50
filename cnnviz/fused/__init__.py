"""The fast path."""

from cnnviz.fused.engine import FusedEngine
from cnnviz.fused.plan import plan_stages

__all__ = ["FusedEngine", "plan_stages"]
