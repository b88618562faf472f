"""From tools of other products to ours. A migration reads a file and writes a new one; it never edits in place, and
what it cannot carry over it says."""
