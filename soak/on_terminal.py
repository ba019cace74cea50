"""Runs a Python module with a terminal as the one that controls it, so that closing the terminal hangs up."""

import fcntl
import os
import sys
import termios


def main() -> None:
    """Take the terminal named first, then become the rest of the command line."""
    terminal = os.open(sys.argv[1], os.O_RDWR)
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    # As from a shell: what is typed comes from the terminal. The parent's pipe stays the standard input.
    os.dup2(terminal, 1)
    os.dup2(terminal, 2)
    os.closerange(3, 64)
    os.execv(sys.executable, [sys.executable, *sys.argv[2:]])


if __name__ == "__main__":
    main()
