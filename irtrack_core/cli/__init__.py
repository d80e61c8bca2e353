"""The command line: `irtrack track`, `check`, `fetch`."""
