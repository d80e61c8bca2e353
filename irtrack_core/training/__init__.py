"""Training, eq. (12): pairs drawn from sequences, augmentation, and stochastic gradient descent. Needs torch."""
