"""Bytes to values and back; nothing here decides anything."""
