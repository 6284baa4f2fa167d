"""Train from scenes without writing files: a torch DataLoader whose workers share the stream. Needs torch."""

from torch.utils.data import DataLoader  # pyright: ignore[reportMissingImports]

import qagen

if __name__ == "__main__":
    scene = qagen.open_scene()
    dataset = qagen.stream(scene, tasks="depth_prediction_*", mixed=2).to_torch()
    loader = DataLoader(dataset, batch_size=4, num_workers=2, collate_fn=list)
    for batch, _ in zip(loader, range(3), strict=False):
        for item in batch:
            print(item["type"], len(item["images"]), item["answer"])
