"""What ratings say: genres, groups of users, pictures."""
