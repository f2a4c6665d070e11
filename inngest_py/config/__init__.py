"""Configuration as a person writes it: flow control, triggers, durations."""
