"""Merchants, their programs, keys and staff, their signers, and the directory of shops."""
