"""Where the dev server keeps what it knows."""
