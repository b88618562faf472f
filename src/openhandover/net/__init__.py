"""Outbound HTTP: one client, the rules for targets, signatures, guarded downloads. Knows no provider."""
