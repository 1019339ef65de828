"""What every simulator is built on: state, clock, faults, webhooks, transport, certificates."""
