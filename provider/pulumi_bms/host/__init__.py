"""What a provider may ask of the plugin process that serves it."""
