"""Recommenders: one contract, one file each."""
