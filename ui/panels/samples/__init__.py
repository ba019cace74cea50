"""The samples: test images to choose from, and images of the user's own."""
