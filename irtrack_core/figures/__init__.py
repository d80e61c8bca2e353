"""Plots: each function takes an axes (and data), draws, and returns the axes; `style` holds what they share."""
