"""At the roadside: cameras to reads, matched at once, and safe on the bus in the end whatever the network does."""
