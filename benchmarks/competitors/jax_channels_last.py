"""JAX with maps of shape (n, h, w, c), which some of its CPU routines prefer."""

from benchmarks.competitors.jax_network import JaxSession
from benchmarks.workloads import Workload


def make(workload: Workload, threads: int) -> JaxSession:
    """Return a session; JAX sees to its threads itself."""
    del threads
    return JaxSession(workload, channels_last=True)
