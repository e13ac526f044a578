"""Input made into points, and what an algorithm may ask of them in each storage."""
