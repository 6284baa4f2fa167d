"""An independent re-solver: reads what a run has written, computes every answer anew and compares.

It shares no geometry with what wrote the records: nothing of tasks, views, kernels, sampling or wording is imported
here (an import contract says so). The way of a record through the modules::

    record_index               where every record and its evidence lie, by scene
    raw_scannet, from_loader   the scene's own files as an AuditScene
    physical                   whether the scene is consistent with itself
    raycast, truth             what each frame shows, by casting rays at the labeled mesh
    settings                   the run's thresholds and the parameters of its task types
    audit_record, parse        what a record states
    resolve_marks              which objects its marks mean
    solvers                    the answer, computed anew: a file for each family of task types, found by the registry
    eligibility, unoccluded    whether the record may be asked at all
    belief, surroundings       whether the annotation that it rests on may be believed
    floor_plan                 the room from above, and its walls
    facts                      how often a scene's records ask the same, and of how many objects
    check_record, check_media  everything about a record that is not geometry
    counts, page               the sums, and the disagreements with their pictures
    perturb                    the same answers under noise

Beside it stand two proofs of their own: ``shortcuts`` (readers of the words alone) and ``sheet`` (judging by eye).
"""
