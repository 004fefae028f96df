"""Archives, folders and histories without anything of their owners."""
