"""A stream as torch takes it; needs torch, which qagen does not."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch.utils.data import IterableDataset, get_worker_info  # pyright: ignore[reportMissingImports]

from qagen.api.sample import QASample
from qagen.api.stream import Stream


class TorchStream(IterableDataset):
    """An endless dataset of which each worker of a DataLoader gives a share.

    ``state_dict`` and ``load_state_dict`` are those that torchdata's StatefulDataLoader calls in each worker.
    """

    def __init__(self, stream: Stream, transform: Callable[[QASample], Any]) -> None:
        self._whole, self._transform = stream, transform
        self._own: Stream | None = None
        self._state: Mapping[str, Any] | None = None

    def __iter__(self) -> Iterator[Any]:
        if self._own is None:
            worker = get_worker_info()
            self._own = self._whole if worker is None else self._whole.share(worker.id, worker.num_workers)
        if self._state is not None:
            self._own.load_state_dict(self._state)
            self._state = None
        return map(self._transform, self._own)

    def state_dict(self) -> dict[str, Any]:
        """How far this worker's share is."""
        return dict(self._state) if self._state is not None else (self._own or self._whole).state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where this worker's share was, once iteration begins."""
        self._state = dict(state)
