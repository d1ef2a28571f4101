"""Servers that belong together."""
from contextlib import ExitStack


class Together:
    """begin(stack) enters them one after the other; they are left together, also when one of them does not come up."""

    def __enter__(self):
        with ExitStack() as stack:
            self.begin(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()
