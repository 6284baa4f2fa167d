"""An independent re-solver: reads what a run has written, computes every answer anew and compares.

It shares no geometry with what wrote the records: nothing of tasks, views, kernels, options, formats or templates is
imported here (an import contract says so). The way of a record through the modules::

    shelf       where every record and its evidence lie, by scene
    raw_scannet, from_loader   the scene's own files as a Ground, and physical: whether that agrees with itself
    cast        what each frame shows, by casting rays at the labelled mesh
    item, parse, words         what a record says
    bind        which objects its marks mean
    solve_*     the answer, anew; families: which solver is whose
    check_record, check_media  everything about a record that is no geometry
    tally, page                the sums, and the disagreements with their pictures
    perturb     the same under noise
"""
