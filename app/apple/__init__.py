"""The door for iPhones: pass files, Apple's web service, and the push client."""
