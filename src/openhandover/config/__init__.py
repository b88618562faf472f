"""The configuration file: read with positions, decoded into frozen Structs, checked as a whole."""
