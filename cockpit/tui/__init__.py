"""What the operator sees. Textual is imported here and nowhere else; nothing here decides or keeps anything."""
