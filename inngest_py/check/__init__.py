"""The linter behind `inngest-py check`: mistakes that hurt in production, found before it."""

from inngest_py.check.checking import Report, check_paths
from inngest_py.check.configuration import Configuration, read_configuration
from inngest_py.check.finding import Finding, Severity

__all__ = ["Configuration", "Finding", "Report", "Severity", "check_paths", "read_configuration"]
