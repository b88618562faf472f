"""Flows: what they are made of, how they run, and how to try one in the terminal."""
