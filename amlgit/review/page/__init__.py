"""The review as one HTML page: a scene made of both versions, drawn as SVG, beside every change in words."""
