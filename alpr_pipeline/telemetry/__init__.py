"""What the program says of itself: logs, metrics, health. Never a plate, a picture, a credential or a search term."""
