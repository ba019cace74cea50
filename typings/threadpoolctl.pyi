# The part of threadpoolctl that CNNViz uses: the package ships no types.
from types import TracebackType

class threadpool_limits:
    def __init__(
        self, limits: int | dict[str, int] | str | None = None, user_api: str | None = None
    ) -> None: ...
    def __enter__(self) -> threadpool_limits: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...
    def restore_original_limits(self) -> None: ...

def threadpool_info() -> list[dict[str, str | int | None]]: ...
