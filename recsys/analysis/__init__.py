"""Analyzes ratings: genres, groups of users, and what they like."""
