"""A whole answer (Gemini API reference, GenerateContentResponse), or the JSON array of one that was streamed."""

import msgspec

from llm_plugin_google.answer_reader import AnswerReader, start_of
from llm_plugin_google.candidate_reader import CandidateReader
from llm_plugin_google.error_in import error_inside
from llm_plugin_google.finish import ends as ends_with
from llm_plugin_google.finish import reason_of
from llm_plugin_google.glance_wire import GLANCE
from llm_plugin_google.usage import read_usage
from llm_plugin_google.wire import ANSWER, Answer
from lockgate_ports.accumulate import Accumulator, choice_of
from lockgate_ports.body_faults import BROKEN, utf8_fault
from lockgate_ports.carried import said
from lockgate_ports.chat import ChatResponse, Choice, FinishReason
from lockgate_ports.errors import UpstreamError
from lockgate_ports.refusals import unreadable, unusable
from lockgate_ports.replies import glance_chat
from lockgate_ports.wire import Glance

_ANSWERS = msgspec.json.Decoder(list[msgspec.Raw])


def glance(body: bytes) -> Glance:
    """Model, usage and ends. Raises UpstreamError when `body` is no answer, or holds an error."""
    try:
        seen = GLANCE.decode(body)
    except BROKEN:
        return glance_chat(read_response(body))  # an array, or nothing that could be read
    ends: tuple[FinishReason | None, ...] = tuple(
        reason_of(each.finish_reason if ends_with(each.finish_reason) else None, calls=each.calls)
        for each in seen.candidates or ()
        if each.finish_reason or (each.content is not None and each.content.parts)
    )
    if said(seen.error) or not ends or utf8_fault(body) is not None:
        return glance_chat(read_response(body))  # which tells a blocked prompt from no answer at all
    return Glance(seen.model_version, read_usage(seen.usage_metadata), ends)


def read_response(body: bytes) -> ChatResponse:
    """The canonical answer. Raises UpstreamError as `glance` does."""
    answers = _answers(body)
    for each, data in answers:
        if said(each.error):
            raise error_inside(data)
    if len(answers) == 1 and len(answers[0][0].candidates or ()) == 1:
        answer = _of_one(*answers[0])
    else:
        answer = _of_several(answers)
    if not answer.choices:
        raise unusable("candidates without content and without an end")
    return answer


def _of_one(answer: Answer, data: bytes) -> ChatResponse:
    """A whole answer of one candidate."""
    start = start_of(answer)
    choices: list[Choice] = []
    for piece in answer.candidates or ():
        reader = CandidateReader(piece.index or 0)
        deltas, ends = reader.read(piece, data, 0, answer.response_id), reader.finish()
        if deltas or ends:
            choices.append(choice_of(deltas, reader.index, ends[0] if ends else None))
    usage = read_usage(answer.usage_metadata)
    return ChatResponse(tuple(choices), start.id, start.model, start.created, usage, start.service_tier)


def _of_several(answers: list[tuple[Answer, bytes]]) -> ChatResponse:
    """Several candidates, or several answers in a run, as a stream would have told them."""
    reader = AnswerReader()
    fold = Accumulator()
    for each, data in answers:
        for event in reader.read(each, data):
            fold.add(event)
    if not reader.answered:
        raise unusable("an answer without candidates")
    for event in reader.finishes():
        fold.add(event)
    return fold.response


def _answers(body: bytes) -> list[tuple[Answer, bytes]]:
    if utf8_fault(body) is not None:
        raise unusable("an answer that is not valid UTF-8")
    try:
        if body[:1] != b"{" and body.lstrip().startswith(b"["):
            return [(ANSWER.decode(each), bytes(each)) for each in _ANSWERS.decode(body)]
        return [(ANSWER.decode(body), body)]
    except BROKEN as error:
        raise _nonsense(error, body) from None


def _nonsense(error: Exception, body: bytes) -> UpstreamError:
    if isinstance(error, msgspec.ValidationError):
        return unusable(f"JSON that is no answer of Gemini's ({error})")
    return unreadable(body)
