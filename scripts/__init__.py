"""Set-up, tests, and the pictures of the documentation."""
