"""Recommenders: one contract, one file each."""

# A file may name any of them, so an import of one module of this folder loads all.
from recsys.recommenders.registry import METHODS as METHODS
