"""Mail: SMTP in, IMAP and POP3 polling, SMTP out."""
