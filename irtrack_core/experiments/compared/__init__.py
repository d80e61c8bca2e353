"""The compared methods [8]-[11]: their networks, the training pairs they need, and what was assumed to rebuild them."""
