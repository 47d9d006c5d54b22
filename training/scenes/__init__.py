"""Streets and vehicles made of triangles, so that pictures with known plates can be made in any number."""
