"""The dev server: the other side of the protocol."""
