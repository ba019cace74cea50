"""The lab guide: a guided lab in a column of the window, and what joins it to everything else."""
