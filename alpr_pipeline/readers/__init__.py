"""Reads that other cameras made: each vendor's report -> read."""
