"""For tests: of apps, and of adapters."""
