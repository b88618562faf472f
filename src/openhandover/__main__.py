"""`python -m openhandover` is the command line."""

from openhandover.cli import main

main()
