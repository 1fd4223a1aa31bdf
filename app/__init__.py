"""Portecarte: loyalty cards of many merchants in the wallet of a phone."""
