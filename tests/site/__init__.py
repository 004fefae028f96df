"""The site of an archive, as files."""
