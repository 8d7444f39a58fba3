"""The resources of a Pulumi program: one file per resource, with the resource and its provider."""
