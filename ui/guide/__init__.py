"""Help that needs no network: the user guide, first steps and keys, the licences of all that is inside."""
