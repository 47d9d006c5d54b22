"""What makes everything end in its time."""
