"""Mail, from a real mail program to an answer in a real mailbox."""
