"""Analyzes ratings: genres, groups of users, and pictures of both."""
