"""Threads of the window, which begin when there is something to do."""

from PySide6.QtCore import QThread


def is_running(thread: QThread) -> bool:
    """Start a thread that is not running yet; return whether it runs: the system may have none to give."""
    if not thread.isRunning():
        thread.start()
    return thread.isRunning()
