"""The verbs that only look: diff, show, log, status, blame, map, tag."""
