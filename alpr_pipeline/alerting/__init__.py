"""Hit -> alert: what is suppressed, who is told, and that the telling arrives."""
