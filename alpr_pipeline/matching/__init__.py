"""Read x hot list -> hit."""
