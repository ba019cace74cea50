"""``cnnviz --doctor``: versions, paths, a self-test of the engine and a window, one fact a line."""

import importlib
import io
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

from cnnviz import __version__
from cnnviz.clock import now
from cnnviz.doctor.window import Fact, has_window, is_frozen, libraries, missing_libraries, plugins, window
from cnnviz.errors import in_words
from cnnviz.output import Output

#: What the program is made of: the name under which it is installed, and under which it is imported.
PACKAGES = {
    "numpy": "numpy",
    "threadpoolctl": "threadpoolctl",
    "safetensors": "safetensors",
    "pillow": "PIL",
    "fonttools": "fontTools.ttLib",
    "jinja2": "jinja2",
    "tqdm": "tqdm",
    "typst": "typst",
    "pyqtgraph": "pyqtgraph",
    "PySide6-Essentials": "PySide6.QtWidgets",
}
#: Those that the engine alone does without.
_OF_WINDOW = frozenset({"fonttools", "pyqtgraph", "PySide6-Essentials"})
_ALL_WELL = "Everything is as it should be."
_STEPS, _GRADIENTS = 12, 300
_EXPECTED = 0.029328028414958362
"""By how much LAB5's weights have moved after that many steps, all together; plain loops give the same."""
_CLOSE = 1e-9  # relative; thousands of terms are added in another order
_ANEW = "this engine computes wrongly here. Install the packages anew."


def run() -> int:
    """Print the diagnosis while it is made; return 0 if all is well, else 1."""
    terminal = cast(object, sys.stdout)
    if isinstance(terminal, io.TextIOWrapper):
        terminal.reconfigure(errors="replace")  # it need not know every sign
    output, problems = Output(), 0
    output.say(f"CNNViz doctor, {now()}")
    for fact in _facts():
        words = "OK" if fact.is_fine else "PROBLEM"
        # Home is written as ~, so that the text may be passed on.
        output.say(f"{words:<8}{fact.name}: {fact.value}".replace(str(Path.home()), "~"))
        problems += not fact.is_fine
    output.say(f"Problems: {problems}. See what stands beside PROBLEM." if problems else _ALL_WELL)
    return 1 if problems else 0


def _facts() -> Iterator[Fact]:
    checks: dict[str, Callable[[], Iterator[Fact]]] = {
        "program": _program,
        "system libraries": libraries,
        "packages": _packages,
        "self-test": self_test,
        "window": window,
    }
    for name, check in checks.items():
        try:
            yield from check()
        except Exception as error:  # noqa: BLE001 -- a diagnosis tells whatever it meets
            words = in_words(error) or f"cannot be looked at ({type(error).__name__}: {error})."
            yield Fact(name, words, is_fine=False)


def _program() -> Iterator[Fact]:
    """Tell versions and places of the program and of Python, and the system."""
    place = sys.executable if is_frozen() else Path(__file__).parents[1]
    yield Fact("CNNViz", f"{__version__} in {place}")
    bits = "64" if sys.maxsize > 2**32 else "32"
    kind = platform.python_implementation()
    yield Fact("Python", f"{platform.python_version()} ({kind}, {bits} bits) in {sys.executable}")
    yield Fact("system", platform.platform())


def _packages() -> Iterator[Fact]:
    """Import every package that the program is made of, and tell its version."""
    for name, module in PACKAGES.items():
        if name in _OF_WINDOW and not has_window():
            continue
        if name == "typst" and (sys.platform, platform.machine()) == ("win32", "ARM64"):
            yield Fact(name, "there is none for this kind of computer; reports are written as HTML")
            continue
        try:
            loaded = importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 -- a half-finished installation may raise anything
            lacks = isinstance(error, ImportError) and missing_libraries(plugins())
            words = "does not load without the system libraries above." if lacks else in_words(error)
            yield Fact(name, words or str(error), is_fine=False)
        else:
            yield Fact(name, version_of(name, loaded) or "of unknown version")


def self_test() -> Iterator[Fact]:
    """Train the exercise's network some steps, and compare gradients with finite differences."""
    from cnnviz.datasets import load_mnist, to_input
    from cnnviz.presets import LAB5, LENET
    from cnnviz.quantities import format_count, format_value
    from cnnviz.routing import check_sample
    from cnnviz.training import Trainer

    dataset = load_mnist(LENET.classes)
    network = LAB5.build_network()
    trainer = Trainer(network, dataset.select(LAB5.classes), LAB5.train_config())
    trainer.advance(_STEPS)
    trained = trainer.network.params
    moved = sum(float(abs(trained[name] - start).sum()) for name, start in network.params.items())
    off = abs(moved / _EXPECTED - 1)
    words = f"{_STEPS} steps of LAB5, relative error {format_value(off, 2)}"
    yield Fact("training", words if off < _CLOSE else f"{words}: {_ANEW}", is_fine=off < _CLOSE)
    x, label = to_input(dataset.test_images[:1]), int(dataset.test_labels[0])
    check = check_sample(LENET.build_network(), x, label, _GRADIENTS, seed=0)
    wrong = check.counts["mismatch"]
    words = f"{format_count(check.checked)} of LENET compared with finite differences"
    if wrong:
        yield Fact("gradients", f"{words}, {format_count(wrong)} differ: {_ANEW}", is_fine=False)
    else:
        yield Fact("gradients", f"{words}, largest error {format_value(check.largest_error, 2)}")


def version_of(name: str, module: object = None) -> str:
    """Return the version of an installed package, else what its module says; "" for nothing."""
    from importlib.metadata import PackageNotFoundError, version  # it loads the readers of e-mail

    try:
        return version(name)
    except PackageNotFoundError:  # a program that was built of packages may have left out their papers
        return str(getattr(module, "__version__", ""))
