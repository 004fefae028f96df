"""What holds always, end to end: commit ids, secrets, kills, two at once, full disks, chaos."""
