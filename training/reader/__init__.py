"""How the shipped reader is made: views of rendered plates, the network, its training, export and measurement."""
