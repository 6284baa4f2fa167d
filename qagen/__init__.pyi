from qagen.api.run import OpenRun as OpenRun
from qagen.api.run import open_run as open_run
from qagen.api.sample import QASample as QASample
from qagen.api.sample import Samples as Samples
from qagen.api.sample import Verdict as Verdict
from qagen.api.scene import OpenScene as OpenScene
from qagen.api.scene import open_scene as open_scene
from qagen.api.scene import open_scenes as open_scenes
from qagen.api.stream import Stream as Stream
from qagen.api.stream import stream as stream
from qagen.core.question import Question as Question
from qagen.errors import QagenError as QagenError

__all__: list[str]
__version__: str
