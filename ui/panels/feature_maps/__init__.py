"""The filters and feature maps panel: what the network computes, cell by cell, at the shown moment."""
