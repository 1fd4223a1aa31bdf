"""Google Wallet: save links, classes and objects, callbacks (specs: google.md)."""
