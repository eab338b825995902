"""Plans as machine code, by llvmlite: `backend` is the way in; nothing here is loaded before it is asked for."""
