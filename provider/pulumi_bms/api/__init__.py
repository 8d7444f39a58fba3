"""HTTP requests with typed responses or errors. Nothing here waits or polls."""
