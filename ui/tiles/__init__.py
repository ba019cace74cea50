"""Grids of small maps and images."""
