"""Strict stand-ins for vendors, written from their documentation: for tests, for trying without an account.

An emulator imports nothing else of ours. It is a second, independent reading of the vendor's pages; if it shared code with
the provider, both would share the same mistake. Where the documentation is silent it refuses, and a comment says so.
"""
