"""Two sides of anything that can be compared: states, versions, files, folders; and what follows from how they differ."""
