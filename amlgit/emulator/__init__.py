"""An embedded Azure ML Studio (classic) over real HTTP, runnable alone: it imports nothing else of ours, so it can't share our mistakes."""
