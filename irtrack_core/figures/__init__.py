"""Plots: a function takes an axes and data, draws, and returns the axes; some make a whole figure. Shared: `style`."""
