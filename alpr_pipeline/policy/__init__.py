"""What is allowed: the usage and privacy policy as data, and the decisions that follow from it. Pure."""
