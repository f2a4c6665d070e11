"""Where the dev server keeps what it knows: a port, and one implementation on SQLite.

There is no second implementation for servers that forget: they use the same one on `:memory:`. A store of plain dicts
would be quicker by little, and a twin that drifts.
"""
