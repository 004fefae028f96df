"""What pulls and merges do to the branch, and what stands in its way."""
