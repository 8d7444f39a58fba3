"""What a Pulumi program sees: one file per resource, each a resource and its provider."""
