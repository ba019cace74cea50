"""Figures: what the program shows, as pictures, vector files and tables."""
