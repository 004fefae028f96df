"""What tests share: set-up, made-up documents, and ways to look at what came of them."""
