"""The phone: what a caller hears, and what a key or a spoken word means. Pure; the routes that a phone company calls
are in `openhandover.phone`."""
