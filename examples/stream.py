"""An endless stream of samples with a state: stop, save the state, and go on with the very next sample."""

import itertools
import json

import qagen

stream = qagen.stream(qagen.open_scene(), seed=1, tasks="depth_prediction_*", mixed=2)
for sample in itertools.islice(stream, 3):
    print(sample.type, sample.answer)

state = json.dumps(stream.state_dict())
again = qagen.stream(qagen.open_scene(), seed=1, tasks="depth_prediction_*", mixed=2)
again.load_state_dict(json.loads(state))
print(next(iter(again)).id == next(iter(stream)).id)
