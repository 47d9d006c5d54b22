"""The command `alpr`: the one place that reads the environment and wires things together."""
