"""The two faces of a step that a user holds: plain and async."""
