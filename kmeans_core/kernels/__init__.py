"""Jitted functions over raw arrays, one file a storage; no classes and no threads in here."""
