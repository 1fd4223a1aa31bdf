"""Pages: the documentation now; wallet, console and till later."""
