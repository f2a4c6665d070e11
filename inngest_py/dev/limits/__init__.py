"""Flow control: one rule per file, each a pure function (PROTOCOL 14)."""
