"""Play the scenes: ``python -m scripts.screenshots [NAME ...]``."""

import sys

from cnnviz.runtime import one_blas_thread
from scripts.screenshots import film, moments, own_digits, pages, panels
from ui.application import make_application
from ui.tuning import MainThreadCollector

SCENES = {
    scene.__name__: scene
    for scene in (*film.SCENES, *panels.SCENES, *pages.SCENES, *moments.SCENES, *own_digits.SCENES)
}


def main(names: list[str]) -> int:
    """Play the named scenes, or all."""
    unknown = sorted(set(names) - set(SCENES))
    if unknown:
        print(f"There is no scene {unknown[0]}; there are {', '.join(SCENES)}.", file=sys.stderr)
        return 2
    collector = MainThreadCollector(make_application())
    one_blas_thread.hold()
    for name in names or SCENES:
        SCENES[name]()
    collector.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
