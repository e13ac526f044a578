"""Turns input into points, and answers the questions of algorithms in each storage."""
