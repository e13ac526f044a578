"""Well-known algorithms that take part in the evaluation beside our own recommenders."""
