"""From a Plan to a callable: one module for each way of running it."""
