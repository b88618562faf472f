"""Control of phone calls: one folder per kind of gateway."""
