"""HTTP over real sockets: requests, responses, and the record of both."""
