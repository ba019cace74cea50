"""On what was measured: processor, system, versions."""

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from threadpoolctl import threadpool_info

import cnnviz

# Variables with these beginnings change what a library of numbers does.
_LIBRARIES = ("OPENBLAS_", "OMP_", "MKL_", "DNNL_", "ONEDNN_", "XLA_", "JAX_")
_STAT = Path("/proc/stat")
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
        *_settings(),
    ]


def busy(seconds: float = 2.0) -> float | None:
    """Watch all cores for a while; return the part of them that others use, or None where nobody knows."""
    before = _core_times()
    time.sleep(seconds)
    after = _core_times()
    if not before or not after:
        return None
    passed = [late - early for early, late in zip(before, after, strict=True)]
    idle = passed[3] + passed[4]
    return 1 - idle / sum(passed) if sum(passed) else None


def _core_times() -> list[int]:
    """Return what all cores have spent on users, nice users and the system, idling, and waiting for disks."""
    try:
        return [int(number) for number in _STAT.read_text(encoding="utf-8").splitlines()[0].split()[1:9]]
    except (OSError, ValueError, IndexError):
        return []


def _settings() -> list[str]:
    """Return a line on what is set for the libraries from outside, if anything is."""
    found = [f"`{name}={value}`" for name, value in sorted(os.environ.items()) if name.startswith(_LIBRARIES)]
    return [f"* Set from outside: {', '.join(found)}"] if found else []


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
