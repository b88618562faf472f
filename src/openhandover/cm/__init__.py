"""What CM.com's providers and channels share: who we are there, its Router, its presence, its message formats."""
