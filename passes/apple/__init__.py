"""Apple Wallet passes: pass.json, its linter, the signature and the package (specs: apple.md)."""
