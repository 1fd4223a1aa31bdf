"""Card C is now at revision R: tell its phones, its merchant's webhooks, and send mails."""
