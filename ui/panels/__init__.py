"""One room for each panel: it draws the state and asks for changes by signals."""
