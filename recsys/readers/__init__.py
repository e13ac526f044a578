"""Ratings from files: one module for each part of reading, and downloads."""
