"""The built-in data set: invents users, movies and ratings from a seed."""
