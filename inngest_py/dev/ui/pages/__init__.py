"""The pages: each asks for what it shows, and shows it."""
