"""Items of SpaceVista in all forms that say the same, made up for the tests."""

from typing import Any

FRAMES = ["rooms/a/images_8/f0.jpg", "rooms/a/images_8/f1.jpg", "rooms/a/images_8/f2.jpg"]


def messages(question: str = "<video>How far is it?", answer: str = "<think>Look.</think><answer>48</answer>") -> list:
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def nested(**extra: Any) -> dict[str, Any]:
    """An item of the nested form; without further keys one that has no prompt."""
    facts = {"task_type": "DEPTH", "input_type": "Image+text", **extra}
    return {"problem_id": "v2_7", "messages": messages(), "videos": [list(FRAMES)], "extra_info": facts}


def pointed() -> dict[str, Any]:
    """A point at x 40, y 70 of the second frame."""
    point = {"image_path": FRAMES[1], "points": [[70, 40]]}
    return nested(input_type="Image+point+text", input_point=point)


def boxed() -> dict[str, Any]:
    """Two boxes on the last frame."""
    boxes = [{"x1": 1, "y1": 2, "x2": 3, "y2": 4}, {"x1": 5.5, "y1": 6, "x2": 7, "y2": 8}]
    return nested(input_type="Image+bbox+text", input_bbox={"image_path": FRAMES[2], "bboxes": boxes})


def matching() -> dict[str, Any]:
    """A reference on the first frame, two candidates on the second."""
    boxes = [{"x1": 5, "y1": 6, "x2": 7, "y2": 8}, {"x1": 9, "y1": 10, "x2": 11, "y2": 12}]
    pair = {
        "image_path_1": FRAMES[0],
        "bbox_1": {"x1": 1, "y1": 2, "x2": 3, "y2": 4},
        "image_path_2": FRAMES[1],
        "bboxes_2": boxes,
    }
    return nested(task_type="OBJECT_MATCHING", input_type="Image+bbox+text", input_bbox=pair)


def masked() -> dict[str, Any]:
    """A mask of two ids on the first frame."""
    mask = {"image_path": FRAMES[0], "mask_path": "rooms/a/masks/m.npy", "object_ids": [3, 7]}
    return nested(input_type="Image+mask+text", input_mask=mask)


def full(kind: str = "image_text", **annotations: Any) -> dict[str, Any]:
    """An item of the full form; prompts that are not given are null."""
    return {
        "id": "rooms__v2_7",
        "input_type": kind,
        "messages": messages(),
        "videos": [list(FRAMES)],
        "annotations": {"points": None, "bboxes": None, "masks": None, "dual_bbox": None, **annotations},
        "metadata": {
            "scene_source": "rooms",
            "original_id": "v2_7",
            "category": "Indoor",
            "scale": "m",
            "original_type": "DEPTH",
        },
    }


def bench(**annotations: Any) -> dict[str, Any]:
    """The same item as the benchmark has it."""
    item = full("image_point_text", **annotations)
    del item["messages"]
    return {**item, "question": "Which is nearest? A. door B. sink", "answer": "B"}
