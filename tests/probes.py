"""Faults that the tests must notice: ``python -m tests.probes [WORD]`` plants each in a copy and runs one test there.

tests/test_probes.py keeps them from going stale.

A probe is red when its test fails, as it should; green means that nobody would have noticed. Before any fault is
planted, the named tests must pass in the copy. Exit code 1: a probe is green, or no longer fits the source.
"""

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
COPIED = ("qagen", "templates", "task_configs", "tests")
PASSED, FAILED = 0, 1


@dataclass(frozen=True, slots=True)
class Probe:
    """One fault."""

    fault: str
    """What is wrong."""
    file: str
    """File below qagen/."""
    find: str
    """Text that occurs there once."""
    replace: str
    """What it becomes."""
    test: str
    """Test below tests/ that must fail."""


PROBES = (
    Probe(
        "pose inverted when centers are placed",
        "visibility/views.py",
        "frame.world_from_camera.inverse() @ world for",
        "frame.world_from_camera @ world for",
        "visibility/test_views.py::test_camera_axes_are_right_down_forward",
    ),
    Probe(
        "pose inverted when the mesh is drawn",
        "visibility/views.py",
        "frame.world_from_camera.inverse().matrix",
        "frame.world_from_camera.matrix",
        "visibility/test_views.py::test_a_cube_straight_ahead",
    ),
    Probe(
        "inverse without turning the translation",
        "core/pose.py",
        "-rotate(self.rotation.T, self.translation)",
        "-self.translation",
        "core/test_pose.py::test_poses_are_a_group",
    ),
    Probe(
        "y flipped",
        "core/camera.py",
        "self.fy * points[..., 1] / z",
        "-self.fy * points[..., 1] / z",
        "core/test_camera.py::test_projection_by_hand",
    ),
    Probe(
        "pixel corners taken for centers",
        "core/camera.py",
        "(self.cx + 0.5) * sx - 0.5",
        "self.cx * sx",
        "core/test_camera.py::test_halving_keeps_pixel_centers_at_integers",
    ),
    Probe(
        "box of most footprint",
        "core/box.py",
        "np.argmin(area.round(DECIMALS))",
        "np.argmax(area.round(DECIMALS))",
        "core/test_box.py::test_a_cut_corner_does_not_turn_the_box",
    ),
    Probe(
        "time order unchecked",
        "core/scene.py",
        "(np.diff(times) >= 0).all()",
        "True",
        "core/test_scene.py::test_a_damaged_scene_is_refused",
    ),
    Probe(
        "angles rounded to whole degrees",
        "core/answer.py",
        "ROTATION_STEP_DEG = 5",
        "ROTATION_STEP_DEG = 1",
        "core/test_answer.py::test_a_motion_by_hand",
    ),
    Probe(
        "depth in millimeters",
        "visibility/views.py",
        "else frame.depth.read_m()",
        "else 1000 * frame.depth.read_m()",
        "visibility/test_views.py::test_what_measures_nearer_hides",
    ),
    Probe(
        "threshold excludes its edge",
        "visibility/views.py",
        "(visible_fraction >= limits.visible_fraction)",
        "(visible_fraction > limits.visible_fraction)",
        "visibility/test_views.py::test_a_post_hides_three_quarters",
    ),
    Probe(
        "pixels not scaled to 640 x 480",
        "visibility/views.py",
        "REFERENCE_PIXELS = 640 * 480",
        "REFERENCE_PIXELS = 320 * 240",
        "visibility/test_views.py::test_ten_by_ten_pixels_are_four_hundred",
    ),
    Probe(
        "one frame too late",
        "visibility/views.py",
        "for frame in frames[1:]:",
        "for frame in frames[2:]:",
        "visibility/test_views.py::test_frames_count_from_the_last_one_kept",
    ),
    Probe(
        "co-visibility the wrong way round",
        "visibility/views.py",
        "covisible=shared_fraction(sees)",
        "covisible=shared_fraction(sees).T",
        "visibility/test_views.py::test_covisibility_is_of_the_first_frames_surface",
    ),
    Probe(
        "depth of the first image instead of the marked one",
        "tasks/depth.py",
        "views.depth[frames[role.image], role.object]",
        "views.depth[frames[0], role.object]",
        "tasks/test_depth.py::test_each_depth_is_taken_in_the_image_of_its_mark",
    ),
    Probe(
        "distance from the last image",
        "tasks/distance.py",
        "views.cameras[frames[0], :3, 3]",
        "views.cameras[frames[-1], :3, 3]",
        "tasks/test_distance.py::test_the_observer_is_the_first_image_wherever_the_mark_is",
    ),
    Probe(
        "left and right swapped",
        "tasks/directions.py",
        '("right", "left")',
        '("left", "right")',
        "tasks/test_relation.py::test_red_relative_to_blue",
    ),
    Probe(
        "bearing not asked for",
        "tasks/directions.py",
        "turn >= self.thresholds.state_deg",
        "True",
        "tasks/test_relation.py::test_red_relative_to_the_observer",
    ),
    Probe(
        "above by the camera's axis",
        "tasks/directions.py",
        "up = float(views.world_centers[item, 2] - views.cameras[frame, 2, 3])",
        "up = float(-center[1])",
        "tasks/test_relation.py::test_above_is_the_worlds_and_not_the_cameras",
    ),
    Probe(
        "turn to the right counted as left",
        "tasks/view_change.py",
        "second.heading_deg - first.heading_deg",
        "first.heading_deg - second.heading_deg",
        "tasks/test_view_change.py::test_all_five_at_once",
    ),
    Probe(
        "angles in the second camera's axes",
        "tasks/attitude.py",
        "product(first.rotation.T, self.rotation)",
        "product(self.rotation.T, first.rotation)",
        "tasks/test_view_change.py::test_angles_are_in_the_first_cameras_own_axes",
    ),
    Probe(
        "first camera seen from the second",
        "tasks/camera_motion.py",
        "first.inverse() @ second.translation",
        "second.inverse() @ first.translation",
        "tasks/test_camera_motion.py::test_the_first_camera_is_the_first_of_the_question",
    ),
    Probe(
        "box of the first image as the answer",
        "tasks/matching.py",
        "visible_box(views, frames[1], roles[0].object)",
        "visible_box(views, frames[0], roles[0].object)",
        "tasks/test_matching.py::test_the_box_in_the_second_image",
    ),
    Probe(
        "objects not spread",
        "sampling/pool.py",
        "features, weights, cap, jitter",
        "features, 0 * weights, cap + len(pool), jitter",
        "sampling/test_frame_sets.py::test_objects_are_picked_evenly",
    ),
    Probe(
        "views alike are paired",
        "sampling/frame_sets.py",
        "(self.overlap >= min_overlap) & ~self.same_view",
        "(self.overlap >= min_overlap)",
        "sampling/test_frame_sets.py::test_pairs_are_all_that_share_enough_and_differ",
    ),
    Probe(
        "options too near the truth",
        "sampling/distractors/shared.py",
        "NUMBER_GAPS = ((0.3, 0.15), (0.2, 0.2))",
        "NUMBER_GAPS = ((0.3, 0.15), (0.1, 0.1))",
        "sampling/test_shared.py::test_numbers_of_a_set_are_apart",
    ),
    Probe(
        "values put back",
        "sampling/balance.py",
        "return self._left.pop(int(",
        "return self._left.__getitem__(int(",
        "sampling/test_generated.py::test_every_value_is_drawn_before_any_comes_again",
    ),
    Probe(
        "Yes for what is not so",
        "wording/formats.py",
        '"Yes" if is_true else "No"',
        '"No" if is_true else "Yes"',
        "test_contract.py::test_judges_answer_yes_to_what_is_so_and_no_to_its_opposite",
    ),
    Probe(
        "right option one place off",
        "wording/formats.py",
        "answers.insert(LETTERS.index(letter), question.answer)",
        "answers.insert(LETTERS.index(letter) - 1, question.answer)",
        "wording/test_formats.py::test_select_lists_four_options_and_answers_with_a_letter",
    ),
    Probe(
        "colors swapped",
        "records/marks.py",
        "sorted(colors, key=order.index)",
        "sorted(colors)",
        "test_contract.py::test_its_marks_are_those_that_are_drawn",
    ),
    Probe(
        "image indices sorted",
        "pipeline/record.py",
        "key=lambda role: marks.colors.index(role.color)",
        "key=lambda role: role.image",
        "test_contract.py::test_its_marks_are_those_that_are_drawn",
    ),
    Probe(
        "evidence on other lines",
        "pipeline/merge.py",
        "shuffled(lines, order, group",
        "shuffled(lines, order[::-1] if position else order, group",
        "pipeline/test_merge.py::test_evidence_stands_on_the_same_line",
    ),
    Probe(
        "depth files in centimeters",
        "pipeline/media.py",
        "DEPTH_UNIT_M = 0.001",
        "DEPTH_UNIT_M = 0.01",
        "pipeline/test_record.py::test_depth_comes_back_the_same",
    ),
    Probe(
        "old file gone before the new one is there",
        "files.py",
        "yield unfinished\n            unfinished.replace(path)",
        "path.unlink(missing_ok=True)\n            yield unfinished\n            unfinished.replace(path)",
        "test_files.py::test_a_failing_write_leaves_the_old_file",
    ),
    Probe(
        "ids of two types meet",
        "pipeline/record.py",
        "ID_STRIDE = 1024",
        "ID_STRIDE = 4",
        "pipeline/test_record.py::test_ids_tell_types_and_formats_and_places_apart",
    ),
    Probe(
        "names of streams run together",
        "rng.py",
        '"\\x1f".join(names)',
        '"".join(names)',
        "test_rng.py::test_other_names_and_seeds_give_other_streams",
    ),
    Probe(
        "unknown keys pass",
        "pipeline/config.py",
        'model_config = ConfigDict(extra="forbid", frozen=True)',
        'model_config = ConfigDict(extra="ignore", frozen=True)',
        "pipeline/test_config.py::test_a_mistake_is_named",
    ),
    Probe(
        "the preset wins over the flags",
        "pipeline/config.py",
        "for _, layer in layers for key, value in layer.items()}",
        "for _, layer in layers[::-1] for key, value in layer.items()}",
        "pipeline/test_config.py::test_flags_win_over_the_file_and_the_file_over_the_preset",
    ),
    Probe(
        "the blur repeats the edge",
        "kernels/blur.py",
        "else 2 * (size - 1) - index",
        "else 2 * size - 1 - index",
        "kernels/test_blur.py::test_blur_equals_twin",
    ),
    Probe(
        "motion2 takes the larger of neighbors",
        "spatialvid/luma.py",
        "return min(before, self.motion)",
        "return max(before, self.motion)",
        "spatialvid/test_video_scores.py::test_motion_of_even_planes_by_hand",
    ),
    Probe(
        "the frame of frame_end left out of motion",
        "spatialvid/video_scores.py",
        "else self.last + 1)",
        "else self.last)",
        "spatialvid/test_video_scores.py::test_ranges_are_parts_of_the_whole_video",
    ),
    Probe(
        "rows at a bound are dropped",
        "spatialvid/rules.py",
        "count.rule.low <= value <=",
        "count.rule.low < value <=",
        "spatialvid/test_filter.py::test_the_preset_keeps_the_official_intervals_with_their_bounds",
    ),
    Probe(
        "left and right of a pan exchanged",
        "core/motion.py",
        '("Pan Right", "Pan Left")',
        '("Pan Left", "Pan Right")',
        "core/test_motion.py::test_known_paths",
    ),
    Probe(
        "motion in the axes of the world",
        "core/motion.py",
        "x, y, z = rotate(camera_from_world, np.diff(centers, axis=0)).T",
        "x, y, z = np.diff(centers, axis=0).T",
        "core/test_motion.py::test_known_paths",
    ),
    Probe(
        "a motion that does not go on below its threshold",
        "core/motion.py",
        "KEPT_ABOVE = 0.6",
        "KEPT_ABOVE = 1.0",
        "core/test_motion.py::test_a_motion_goes_on_below_its_threshold_in_both_directions",
    ),
    Probe(
        "votes in the order of words alone",
        "spatialvid/compat.py",
        "voter * rows + starts[:, None]",
        "0 * voter + 0 * starts[:, None]",
        "spatialvid/test_compat.py::test_recorded_outputs",
    ),
    Probe(
        "a path measured on world to camera",
        "spatialvid/rows.py",
        "-rotate(rotations, poses[:, :3])",
        "-poses[:, :3].astype(np.float64)",
        "spatialvid/test_statistics.py::test_a_camera_that_turns_in_place_is_not_moving",
    ),
    Probe(
        "SpatialVID's poses taken for camera to world",
        "loaders/spatialvid/loader.py",
        "camera_from_world(checked.poses[row]).inverse()",
        "camera_from_world(checked.poses[row])",
        "loaders/test_spatialvid.py::test_poses_are_turned_round",
    ),
    Probe(
        "signs of written quaternions jump",
        "spatialvid/clip_writer.py",
        "np.where(is_turned, -1, 1)",
        "np.where(is_turned, 1, 1)",
        "spatialvid/test_convert.py::test_poses_lead_from_the_first_camera_and_signs_do_not_jump",
    ),
    Probe(
        "written depth of the frame beside",
        "spatialvid/clip_writer.py",
        "grid = depth_camera(camera, width, height, plan.scene.source)",
        "grid = camera.scaled(width, height)",
        "spatialvid/test_convert.py::test_depth_is_that_of_the_nearest_pixel_on_the_cut_grid",
    ),
    Probe(
        "a row beyond the end of a written video",
        "spatialvid/clip_writer.py",
        "if place * step > slots[-1]:",
        "if place * step > slots[-1] + step:",
        "spatialvid/test_convert.py::test_frames_are_shown_at_a_constant_rate",
    ),
    Probe(
        "denied motion in captions taken for claimed",
        "spatialvid/captions.py",
        "        reading.is_denied = True\n",
        "        pass\n",
        "spatialvid/test_captions.py::test_negations_and_hedges",
    ),
    Probe(
        "cut depth taken for whole frames",
        "loaders/spatialvid/depth.py",
        "        return resized_size(color.width, color.height)\n",
        "        return width, height\n",
        "loaders/test_spatialvid_files.py::test_frames_are_resized_and_then_cut",
    ),
    Probe(
        "negative disparity taken for a near point",
        "loaders/spatialvid/depth.py",
        "(disparity > 0)",
        "(disparity != 0)",
        "loaders/test_spatialvid_files.py::test_depth_is_one_over_disparity_and_none_where_that_is_doubtful",
    ),
    Probe(
        "packed images resized to their depth and not cut",
        "spatialvid/pack.py",
        "whole = cv2.resize(pixels, self.uncut,",
        "whole = cv2.resize(pixels, self.shape[:0:-1],",
        "spatialvid/test_pack.py::test_a_point_seen_in_two_rows_lies_in_one_place",
    ),
    Probe(
        "images the size of their depth taken as cut",
        "loaders/spatialvid/depth.py",
        "    if (width, height) == (color.width, color.height):",
        "    if False:",
        "spatialvid/test_pack.py::test_the_loader_reads_an_unpacked_clip_with_depth_where_it_is",
    ),
    Probe(
        "a path drawn backwards",
        "view/camera_path.py",
        "[0, 0, 1], [0, -1, 0]]",
        "[0, 0, -1], [0, -1, 0]]",
        "view/test_camera_path.py::test_the_page_has_the_path_in_the_first_cameras_axes",
    ),
    Probe(
        "instructions of others that overlap are shown",
        "spatialvid/released.py",
        "segment.start < kept[-1].end",
        "False",
        "view/test_camera_path.py::test_instructions_that_others_wrote_are_told_where_they_do_not_fit",
    ),
    Probe(
        "pickled arrays opened",
        "loaders/io/npy.py",
        "if kind.hasobject:",
        "if False:",
        "loaders/test_spatialvid_files.py::test_pickles_are_not_opened",
    ),
    Probe(
        "points of SpaceVista as x, y",
        "export/spacevista.py",
        'return [y, x] if point_order == "yx" else [x, y]',
        "return [x, y]",
        "export/test_spacevista.py::test_a_point_in_every_form",
    ),
    Probe(
        "pixels under points rounded from their edges",
        "records/marks.py",
        "round(part * length / 1000 - 0.5)",
        "round(part * length / 1000)",
        "export/test_spacevista.py::test_a_point_is_the_pixel_under_it",
    ),
    Probe(
        "marks on several images told as if on one",
        "export/spacevista.py",
        "        return MARKS_ON_SEVERAL_IMAGES",
        '        return ""',
        "export/test_spacevista.py::test_what_the_preview_cannot_say_is_in_the_full_form_alone_and_counted",
    ),
    Probe(
        "marks in the record's order instead of their colors'",
        "export/spacevista.py",
        "marks = sorted(marks, key=lambda mark: NAMED_COLORS.index(mark.color))",
        "marks = list(marks)",
        "export/test_spacevista.py::test_boxes_keep_their_last_pixel_and_stand_in_the_order_of_the_colors",
    ),
    Probe(
        "masks of an image share one id",
        "export/spacevista.py",
        "ids[inside & (ids == 0)] = number",
        "ids[inside & (ids == 0)] = 1",
        "export/test_spacevista.py::test_masks_of_an_image_are_one_array_of_ids",
    ),
    Probe(
        "tars of jpg and png in any order",
        "records/shards.py",
        "suffixes = groupby(Path(name).suffix[1:] for name, _ in images)",
        "suffixes = groupby(sorted(Path(name).suffix[1:] for name, _ in images))",
        "export/test_embedded.py::test_samples_with_kinds_of_images_in_another_order_are_apart",
    ),
    Probe(
        "marks of a mix under keys of their own in tars",
        "mix/shards.py",
        'msgspec.json.encode({**_columns(record), "image": members})',
        'msgspec.json.encode({**record, "image": members})',
        "mix/test_mix.py::test_datasets_keeps_all_images_and_marks_of_tars",
    ),
    Probe(
        "marks on the first image in parquet",
        "export/_columns.py",
        '"image": mark.image, "place"',
        '"image": 0, "place"',
        "export/test_huggingface.py::test_marks_are_a_column_drawn_or_not",
    ),
    Probe(
        "another number of rows on the card",
        "records/card.py",
        '"num_examples": split.rows}',
        '"num_examples": split.rows + 1}',
        "export/test_huggingface.py::test_the_card_says_what_datasets_finds",
    ),
    Probe(
        "terms that keep images private not told",
        "records/card.py",
        "if not source_of(name).passes_on]",
        "if source_of(name).license == name]",
        "export/test_huggingface.py::test_what_may_be_published_is_told",
    ),
    Probe(
        "a hash of Croissant of the name",
        "export/_croissant.py",
        '"sha256": digest,',
        '"sha256": hashlib.sha256(name.encode()).hexdigest(),',
        "export/test_huggingface.py::test_croissant_names_every_file_and_column",
    ),
    Probe(
        "splits mixed in one file",
        "export/spacevista.py",
        'f"_{split}" if len(job.splits) > 1 else ""',
        '""',
        "export/test_spacevista.py::test_splits_do_not_mix",
    ),
    Probe(
        "evidence of another record taken for a sample's",
        "export/_samples.py",
        "    check_same_id(evidence, line)\n",
        "",
        "export/test_spacevista.py::test_false_evidence_is_refused",
    ),
    Probe(
        "number words of SpaceVista's evaluator summed up",
        "score/spacevista.py",
        "for word, value in WORDS.items():",
        "for word, value in sorted(WORDS.items(), key=lambda pair: -pair[1]):",
        "score/test_spacevista.py::test_numbers_as_the_evaluator_reads_them",
    ),
    Probe(
        "a category of SpaceVista holds the questions of all",
        "score/report.py",
        "at in item.groups.items()",
        "at[0] in item.groups",
        "score/test_spacevista.py::test_means_are_those_of_the_questions",
    ),
    Probe(
        "the last <answer> counts for SpaceVista's evaluator",
        "score/spacevista.py",
        "opened = OPENED.search(text)",
        "opened = (list(OPENED.finditer(text)) or [None])[-1]",
        "score/test_spacevista.py::test_letters_by_both_modes",
    ),
    Probe(
        "an image made again is held against its size alone",
        "pipeline/rebuild.py",
        "(found := Stored.of(content)) != Stored(image.size, image.sha256)",
        "(found := Stored.of(content)).size != image.size",
        "test_hydrate.py::test_pixels_that_are_encoded_here_are_told_apart_from_files",
    ),
    Probe(
        "intrinsics follow from the frames that are still missing",
        "pipeline/rebuild.py",
        "_files_of(work.loader.load(scene_id), listed)",
        "_files_of(work.loader.load(scene_id), todo)",
        "test_hydrate.py::test_video_list_and_intrinsics_are_made_anew_alone",
    ),
    Probe(
        "a recipe writes anywhere",
        "records/recipe.py",
        "is_below(image.path) and image.path",
        "image.path",
        "test_hydrate.py::test_a_recipe_that_is_not_as_it_was_made_is_refused",
    ),
    Probe(
        "a recipe's text may be changed",
        "records/recipe.py",
        "if (found := Stored(size, digest.hexdigest())) != stored:",
        "if (found := Stored(size, digest.hexdigest())).size != stored.size:",
        "test_hydrate.py::test_a_recipe_that_is_not_as_it_was_made_is_refused",
    ),
    Probe(
        "a recipe tells where its author keeps the data",
        "export/recipe.py",
        "scenes = {name: _without_path(scene) for",
        "scenes = {name: scene for",
        "test_hydrate.py::test_a_recipe_holds_neither_pixels_nor_paths_of_its_author",
    ),
)


def main() -> None:
    """Run the probes whose fault, file or test contains the word given, or all."""
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    probes = [probe for probe in PROBES if word in f"{probe.fault} {probe.file} {probe.test}"]
    with tempfile.TemporaryDirectory(prefix="qagen-probes-") as folder:
        copy = Path(folder)
        for name in COPIED:
            shutil.copytree(HOME / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "_data"))
        shutil.copy(HOME / "pyproject.toml", copy)
        if run_tests(copy, sorted({probe.test for probe in probes})) != PASSED:
            sys.exit("the tests fail without any fault")
        results = [report(probe, copy) for probe in probes]
    print(f"{results.count(True)} of {len(results)} red")
    sys.exit(0 if all(results) else 1)


def staleness(probe: Probe, home: Path = HOME) -> str | None:
    """Why a probe no longer fits the source or the tests, or None when it does."""
    count = (home / "qagen" / probe.file).read_text().count(probe.find)
    if count != 1:
        return f"found {count} times in {probe.file}, expected once: {probe.find}"
    file, name = probe.test.split("::")
    has_test = f"def {name}(" in (home / "tests" / file).read_text()
    return None if has_test else f"no test {name} in tests/{file}"


def report(probe: Probe, copy: Path) -> bool:
    """Plant one fault, run its test, restore the copy and print the result; returns whether the test failed."""
    path = copy / "qagen" / probe.file
    source = path.read_text()
    why = staleness(probe, copy)
    if why is not None:
        print(f"STALE  {probe.file}: {probe.fault}: {why}", flush=True)
        return False
    path.write_text(source.replace(probe.find, probe.replace))
    exit_code = run_tests(copy, [probe.test])
    path.write_text(source)
    color = {FAILED: "red", PASSED: "GREEN"}.get(exit_code, f"BROKEN ({exit_code})")
    print(f"{color}  {probe.file}: {probe.fault}: {probe.test}", flush=True)
    return exit_code == FAILED


def run_tests(copy: Path, tests: list[str]) -> int:
    """pytest's exit code for tests below tests/, with the copy's own qagen."""
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-p", "no:cacheprovider"]
    return subprocess.run([*command, *(f"tests/{test}" for test in tests)], cwd=copy, capture_output=True).returncode


if __name__ == "__main__":
    main()
