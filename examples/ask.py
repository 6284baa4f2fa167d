"""Ask one type of question, see what the answer rests on, and have it solved again by independent code."""

import qagen

scene = qagen.open_scene()
samples = scene.ask("distance_prediction_oo", n=3, format="select")
for sample in samples:
    print(sample)
    print("measured:", sample.evidence["measured"], "margin:", sample.evidence["margin"])
    print(sample.check().verdict)

samples.draw().save("samples.png")
print(scene.ask("contact", n=2, format="judge").to_pandas()[["question", "answer"]].to_string())
