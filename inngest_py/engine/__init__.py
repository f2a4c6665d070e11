"""The step engine: pure, one colour."""
