"""What the finished model does, measured: `python -m audioldm_recipe.measure`."""
