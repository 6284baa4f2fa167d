"""Read what qagen generate has written: a table, single samples, pictures, and a check of some of them."""

import sys

import qagen

run = qagen.open_run(sys.argv[1] if len(sys.argv) > 1 else "qagen_out")
table = run.to_pandas()
print(table.groupby(["type", "format"]).size().head(8))

closest = table.margin[table.type == "distance_prediction_oo"].idxmin()
sample = run[int(closest)]
print(sample)
print(sample.check())
sample.draw().save("closest.png")
