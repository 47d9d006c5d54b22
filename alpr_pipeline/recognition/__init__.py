"""Frame -> detection -> look -> track -> read: the networks, and what many looks at one plate come to."""
