"""Git: objects, refs, history, the work tree. The only package that runs git."""
