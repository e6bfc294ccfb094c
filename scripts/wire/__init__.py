"""Peers, loads and figures of `scripts/bench wire` and `scripts/soak`."""
