"""Every setting, read once, at the command line's door."""
