"""One HTTP request, one typed answer or one error. Nothing here waits or polls."""
