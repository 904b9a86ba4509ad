"""How the default model was trained: every weight from recordings and synthesised sounds."""
