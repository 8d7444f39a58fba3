"""Who may ask: accounts, tokens, signatures, and the identity service that issues and lists them."""
