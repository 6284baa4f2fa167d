"""Types that flow through qagen: poses, cameras, boxes, scenes, questions and samples."""
