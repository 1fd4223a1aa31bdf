"""What the command line does: serving, certificates, checks, backups, and work by hand."""
