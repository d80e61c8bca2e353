"""Training, eq. (12): pairs drawn from sequences, varied, and the loop of stochastic gradient descent. Needs torch."""
