"""What the pages of a review and of a site are made of, and where they are written."""
