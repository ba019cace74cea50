"""Start CNNViz from the folder of the project, as ``python -m cnnviz`` does; compiles on Python 3.6."""

import sys

from cnnviz.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
