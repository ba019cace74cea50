"""Parts that put off some of their drawing."""


class CatchesUp:
    """Mixed into such a part, before the class of Qt; it is without an ``__init__``.

    Inherited and not a protocol: a signal or method that happens to have the same name would pass for it.
    """

    def catch_up(self) -> None:
        """Draw at once what was put off, also while out of sight."""
        raise NotImplementedError
