"""The lab report panel."""
