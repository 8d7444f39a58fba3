"""The billing service: orders, paid resources, renewal and unsubscription."""
