"""Wallet documents: content in, bytes out. Pure: no clock, randomness, files or network."""
