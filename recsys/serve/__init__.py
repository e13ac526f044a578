"""A local server that recommends films from a fitted model, and keeps nothing."""
