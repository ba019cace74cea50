"""Two moments of training side by side: weights then, now, and their difference."""
