"""Apple Wallet passes: pass.json, its linter, the CMS signature and the package (specs: apple.md)."""
