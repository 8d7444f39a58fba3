"""What each endpoint does: one module for each kind of operation."""
