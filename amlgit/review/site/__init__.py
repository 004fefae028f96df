"""The pages of a static site of a repository: an index, a page for each experiment, each version and each script, and what a search reads."""
