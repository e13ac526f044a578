"""The table of ratings, its scale, and the matrix of users and items."""
