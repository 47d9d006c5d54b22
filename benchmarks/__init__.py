"""One file a question, each with machine, method, caveats, what it is compared with, and the ratio."""
