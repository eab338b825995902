"""Numbers that remember: operations, graphs of Values, and sweeps over them."""
