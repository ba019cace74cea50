"""What the program draws, as functions from contents to drawings: for window, figures and report."""
