"""The pure heart: who may speak, what follows from what. No I/O, no clock, no logging, no `await`."""
