"""The sandbox: fakes with a memory, demo data and development certificates."""
