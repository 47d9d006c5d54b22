"""Licence plates drawn from data: the styles of issuers, the shapes of letters, and what a plate carries besides."""
