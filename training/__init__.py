"""How the shipped weights are made: renderer, data, training, measuring, export."""
