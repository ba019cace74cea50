"""The main window: its areas, menus, notices and bars."""
