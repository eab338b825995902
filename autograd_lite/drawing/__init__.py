"""Pictures of graphs."""

from autograd_lite.drawing.picture import Picture, draw, draw_dot

__all__ = ["Picture", "draw", "draw_dot"]
