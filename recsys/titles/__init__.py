"""Titles of items: how people say them, and how an item is found by what somebody types."""
