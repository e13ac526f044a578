"""The table of ratings, the rating scale, and the matrix of users and items."""
