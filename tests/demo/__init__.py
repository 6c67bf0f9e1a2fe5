"""The simulated devices, met by real peers."""
