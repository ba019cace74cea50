"""The timeline under all panels: which moment of the run they show."""
