"""What shows itself in a notebook."""

import cnnviz


class Pictured:
    """Base of what `cnnviz.show` has a picture of. What draws it is loaded when a notebook asks for it."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Leave the numbers out, which are thousands: dataclasses here have ``repr=False``."""
        return f"<{type(self).__name__}>"

    def _repr_svg_(self) -> str:
        return cnnviz.show(self)._repr_svg_()  # pyright: ignore[reportPrivateUsage] # notebooks ask for it
