"""On what was measured: processor, system, versions."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from threadpoolctl import threadpool_info

import cnnviz

_PACKAGES = ("numpy", "torch", "jax", "jaxlib", "PySide6-Essentials", "pyqtgraph")


def describe() -> list[str]:
    """Return the lines of the header."""
    blas = next((info for info in threadpool_info() if info["user_api"] == "blas"), {})
    caches = ", ".join(_caches())
    return [
        f"* Processor: {_processor()}, {os.cpu_count()} cores" + (f"; caches {caches}" if caches else ""),
        f"* System: {platform.system()} {platform.release()}, Python {platform.python_version()}",
        f"* CNNViz {cnnviz.__version__}; " + ", ".join(_versions()),
        f"* BLAS: {blas.get('internal_api')} {blas.get('version')} for {blas.get('architecture')}, one "
        "thread",
    ]


def load() -> float | None:
    """Return how many processes were running on average in the last minute, or None where nobody knows."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _caches() -> list[str]:
    """Return the caches that core 0 sees, such as "L2 1024K"."""
    found = []
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        try:
            level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        except OSError:
            continue
        if kind != "Instruction":
            found.append(f"L{level} {size}")
    return found


def _versions() -> list[str]:
    found = []
    for package in _PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found
