"""Reads ratings from files, and downloads releases of MovieLens."""
