"""Every text that a user reads about an outcome."""
