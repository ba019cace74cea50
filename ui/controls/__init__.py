"""Buttons, fields, labels, legends, and what all of them share: pointing, keys, colour scales."""
