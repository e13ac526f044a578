"""The built-in data set: users, movies and ratings made from a seed."""
