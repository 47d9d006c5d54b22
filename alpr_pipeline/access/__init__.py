"""Who is asking, and may they: accounts, sign-in, sessions."""
