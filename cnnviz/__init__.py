"""The engine of CNNViz: small convolutional networks in NumPy, readable and fast. It never imports Qt."""

__version__ = "0.1.0"

# What notebooks begin with, and the module of each, which is loaded when it is asked for. `import cnnviz`
# alone loads nothing, so that `cnnviz.__main__` can speak to a Python that is too old for the rest.
# `__init__.pyi` says the same to type checkers.
_MODULES = {
    "LAB5": "experiment",
    "LENET": "experiment",
    "Dataset": "datasets",
    "Experiment": "experiment",
    "History": "history",
    "Network": "network",
    "Trainer": "training",
    "compare": "translation",
    "evaluate": "evaluation",
    "load_dataset": "datasets",
    "load_mnist": "datasets",
    "pool_routing": "routing",
    "show": "notebook",
    "to_input": "datasets",
}


def __getattr__(name: str) -> object:
    """Load what is asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module 'cnnviz' has no attribute {name!r}")
    module = __import__(f"cnnviz.{_MODULES[name]}", fromlist=[name])
    return getattr(module, name)


def __dir__() -> "list[str]":
    """Names that can be asked for, for completion."""
    return sorted([*globals(), *_MODULES])
