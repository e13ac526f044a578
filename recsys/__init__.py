"""Groups of people with a common taste in films, and recommendations from them."""
