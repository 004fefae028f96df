"""From the documents of a remote to the record: looked at, drafted side by side, recorded, or held back for a decision."""
