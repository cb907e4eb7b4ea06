"""What a mail says, how it is put together, and how it is handed to the mail server."""
