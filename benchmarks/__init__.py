"""CNNViz beside a loop over pixels, PyTorch and JAX: ``python -m benchmarks`` or ``make bench``.

Every competitor runs in a process of its own, so that settings of threads do not mix, and they take turns: a
round measures each of them once, and rounds are repeated. A figure is the median over the rounds. Before
anything is timed, each competitor trains a few steps from the same weights on the same images, and has to
arrive at the same parameters as the layers of CNNViz in float64.
"""
