"""HTTP: hot lists in, hits out, sign-in, and the console's pages."""
