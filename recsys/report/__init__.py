"""The report: one self-contained HTML page of everything found in a set of ratings."""
