"""Rows of label, value and bar; tables of text."""
