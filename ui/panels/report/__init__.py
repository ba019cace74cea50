"""The lab report panel."""

from ui.panels.report.panel import ReportPanel

__all__ = ["ReportPanel"]
