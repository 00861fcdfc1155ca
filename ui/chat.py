"""The chat page, in Gradio: a question, the nation, the answer with its citations."""

import logging
import os
from typing import Any, cast

from assistant.answering import Assistant
from assistant.domain import Answer, Message, Question, Reason, SafetyPanel
from assistant.errors import QuestionError
from assistant.scope.privacy import redact
from corpus.domain import Nation
from ui import rendering

TITLE = "Virtual School Assistant"
NATIONS = {"England and Scotland": None, "England": "england", "Scotland": "scotland"}
EXAMPLES = (
    "What are virtual school heads not being asked to do?",
    "Which children does the extended role cover?",
    "How many Scottish local authorities had a Virtual School Head Teacher in 2023?",
    "What four themes did the English survey of virtual school heads find?",
    "What does the Scottish paper say about supervision for education staff?",
)

NOT_SHOWN = "Your question (not kept: it may be about one child)"
# What stands for a question that is not kept, so that "and what about Fridays?" after it is still about that child.
STANDS_FOR = {
    Reason.INDIVIDUAL_CHILD: "What should we do about this pupil?",
    Reason.PARENT_OR_CARER: "What can I do about my child?",
    Reason.SAFEGUARDING: "A pupil just told me that they are being hurt.",
    Reason.PERSONAL_DATA: "What should we do about this pupil?",
}

logger = logging.getLogger(__name__)

Turns = list[tuple[str, Answer]]


def create_chat(assistant: Assistant, safety: SafetyPanel) -> Any:
    """The Gradio page. Imported here and not above: Gradio reads the environment when it is imported."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ["HF_HUB_OFFLINE"] = "1"
    import gradio

    def ask(text: str, nation: str, turns: Turns) -> tuple[Turns, str, str, str]:
        history = tuple(
            message
            for question, answer in turns
            for message in (Message("user", _said(question, answer)), Message("assistant", answer.answer))
        )
        try:
            answer = assistant.answer(Question(text, history, cast(Nation | None, NATIONS[nation])))
        except QuestionError as error:
            return turns, rendering.conversation(turns, safety), text, str(error)
        except Exception as error:  # noqa: BLE001 - a traceback may hold the question, so it ends here
            logger.error("the chat failed: %s", type(error).__name__)
            return turns, rendering.conversation(turns, safety), text, f"Something failed here. {safety.text}"
        # The page holds the question as it was used, without personal details; one that may be about a child, not at all.
        turns = [*turns, (NOT_SHOWN if answer.reason in STANDS_FOR else redact(text)[0], answer)]
        return turns, rendering.conversation(turns, safety), "", ""

    def clear() -> tuple[Turns, str, str, str]:
        return [], "", "", ""

    with gradio.Blocks(title=TITLE, analytics_enabled=False) as blocks:
        gradio.HTML(rendering.page("chat_head.html", safety_words=rendering.words(safety.text)), elem_classes="vsa")
        turns = gradio.State([])
        answers = gradio.HTML("", elem_classes="vsa", elem_id="answers")
        box = gradio.Textbox(
            label="Your question",
            info="Ask about guidance, groups of children or practice. Do not type a child's name or details.",
            lines=1,
            max_lines=8,
            elem_id="question",
            autofocus=True,
        )
        with gradio.Row():
            nation = gradio.Radio(list(NATIONS), value="England and Scotland", label="Sources from", elem_id="nation")
        with gradio.Row():
            button = gradio.Button("Ask", variant="primary", elem_id="ask")
            again = gradio.Button("Start again", elem_id="clear")
        trouble = gradio.Markdown("", elem_id="trouble")
        gradio.Examples(
            [[example] for example in EXAMPLES], inputs=[box], label="Questions to try", cache_examples=False
        )
        gradio.HTML(rendering.page("chat_foot.html", confirmed=assistant.contacts_confirmed), elem_classes="vsa")
        inputs, outputs = [box, nation, turns], [turns, answers, box, trouble]
        gradio.on([button.click, box.submit], ask, inputs, outputs, api_visibility="private")
        again.click(clear, None, outputs, api_visibility="private")
    return blocks


def _said(question: str, answer: Answer) -> str:
    """An earlier turn as scope reads it."""
    return STANDS_FOR.get(answer.reason, question) if answer.reason else question
