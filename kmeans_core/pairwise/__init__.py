"""Distances between rows, and silhouettes."""
