"""The operations that are handed on, as rows: where each stands, and in which media type it is asked."""

from msgspec import Struct

from lockgate_ports.wire import Operation

JSON = "application/json"
FORM = "multipart/form-data"


class Passage(Struct, frozen=True):
    """One operation of OpenAI's. `sound`: the answer is a file that is played while it arrives."""

    name: str
    operation: Operation
    path: str
    media_types: tuple[str, ...]
    sound: bool = False


MODERATIONS = Passage("openai-moderations", "moderations", "moderations", (JSON,))
SPEECH = Passage("openai-speech", "audio", "audio/speech", (JSON,), sound=True)
TRANSCRIPTIONS = Passage("openai-transcriptions", "audio", "audio/transcriptions", (FORM,))
TRANSLATIONS = Passage("openai-translations", "audio", "audio/translations", (FORM,))
IMAGES = Passage("openai-images", "images", "images/generations", (JSON,))
IMAGE_EDITS = Passage("openai-image-edits", "images", "images/edits", (FORM, JSON))
IMAGE_VARIATIONS = Passage("openai-image-variations", "images", "images/variations", (FORM,))

ALL = (MODERATIONS, SPEECH, TRANSCRIPTIONS, TRANSLATIONS, IMAGES, IMAGE_EDITS, IMAGE_VARIATIONS)
