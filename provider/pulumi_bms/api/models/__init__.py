"""Wire shapes, read tolerantly."""
