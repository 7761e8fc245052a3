"""What can be typed after `holdfast`, one module a group of commands; each is an adapter of a few lines."""
