"""The detector: how its data is put together, how it is trained, measured and exported."""
