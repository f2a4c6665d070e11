"""The linter behind `inngest-py check`: mistakes that hurt in production, found before it."""

from inngest_py.check.checking import Report, check_paths
from inngest_py.check.configuration import Configuration, read_configuration
from inngest_py.check.finding import Finding, Severity
from inngest_py.check.live import check_functions

__all__ = ["Configuration", "Finding", "Report", "Severity", "check_functions", "check_paths", "read_configuration"]
