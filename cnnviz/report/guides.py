"""The three demonstrations, and the questions that help a student to write about them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from cnnviz.experiment import Experiment

WORKING_PRINCIPLE = "working_principle"
TRANSLATION = "translation"
BACKPROP = "backprop"


@dataclass(frozen=True, slots=True)
class Guide:
    """Title of a demonstration, and a guiding question for each field.

    * `objective`, `hypothesis`, `description`, `observations`, `inference`: what to think about
      before writing.
    """

    title: str
    objective: str
    hypothesis: str
    description: str
    observations: str
    inference: str

    def question(self, field: str) -> str:
        """Return the guiding question of a field."""
        return str(getattr(self, field))


GUIDES: Mapping[str, Guide] = MappingProxyType(
    {
        WORKING_PRINCIPLE: Guide(
            title="How a convolutional network works",
            objective="What should the network be able to do after training, and how will you tell?",
            hypothesis="Before you run: how high will the test accuracy be, which class will be mistaken "
            "more often, and what will the filters look like afterwards?",
            description="Which data, which layers and which settings did you use? What does each layer do "
            "to the shape of its input?",
            observations="How do loss and accuracy develop? What do filters and maps show? Which images are "
            "mistaken?",
            inference="What has the network learnt, and what in your observations says so? Was your "
            "hypothesis right?",
        ),
        TRANSLATION: Guide(
            title="Translation and max pooling",
            objective="What does it mean for a layer to be invariant to a shift, and how can it be measured?",
            hypothesis="Before you run: by how much will the pooled maps change when an image moves by one "
            "pixel? And by two? Which pool changes least?",
            description="Which images did you move, how far, and what did you compare? Relative to what?",
            observations="Where do the pooled outputs agree exactly, and where do they not? How do the "
            "measures grow with the distance?",
            inference="Is max pooling translation invariant: exactly, nearly, or only for some shifts? What "
            "makes the difference?",
        ),
        BACKPROP: Guide(
            title="Backpropagation through max pooling",
            objective="How does the gradient get from a pooled value back to the cells of its window?",
            hypothesis="Before you run: which cells of a window will receive the gradient, and how much? "
            "What will happen when two cells share the maximum?",
            description="Which image and which filter did you follow? What rule is in force for ties, and "
            "how was the gradient checked?",
            observations="Where does the gradient arrive, and where is it 0? How often are windows tied? "
            "What does the check report?",
            inference="Which cells learn, and which do not? Does the rule for ties matter for training?",
        ),
    }
)
"""Guide of each demonstration about a network with a max pool, in the order of the report."""

_WITHOUT_WINNERS: Mapping[str, Guide] = MappingProxyType(
    {
        BACKPROP: replace(
            GUIDES[BACKPROP],
            hypothesis="Before you run: which cells of a window will receive the gradient of its pooled "
            "value, and how much?",
            description="Which image and which filter did you follow? How was the gradient checked?",
            observations="Where does the gradient arrive, and where is it 0? What does the check report?",
            inference="Which cells learn, and which do not? What would a max pool do instead?",
        ),
    }
)
_WITHOUT_POOL: Mapping[str, Guide] = MappingProxyType(
    {
        TRANSLATION: replace(
            GUIDES[TRANSLATION],
            hypothesis="Before you run: by how much will the maps of the convolution change when an image "
            "moves by one pixel? And by two? Which pool behind them would change least?",
            observations="Where do the outputs agree exactly, and where do they not? How do the measures "
            "grow with the distance?",
            inference="Is the network translation invariant without a pool: exactly, nearly, or only for "
            "some shifts? What would a max pool change?",
        ),
        BACKPROP: replace(
            _WITHOUT_WINNERS[BACKPROP],
            objective="How does the gradient get from the output back to the cells of the convolution?",
            hypothesis="Before you run: which cells of the convolution will receive a gradient, and how "
            "much?",
            inference="Which cells learn, and which do not? What would a max pool change?",
        ),
    }
)


def guide_of(key: str, experiment: Experiment) -> Guide:
    """Return the guide of a demonstration about a network: it asks of no pool or tie that is not there.

    * `key`: one of `GUIDES`.
    * `experiment`: settings of the network.
    """
    without: Mapping[str, Guide] = {}
    if "pool_size" in experiment.unused:
        without = _WITHOUT_POOL
    elif "ties" in experiment.unused:
        without = _WITHOUT_WINNERS
    return without.get(key, GUIDES[key])


FIELDS: tuple[tuple[str, str], ...] = (
    ("objective", "Objective"),
    ("hypothesis", "Hypothesis"),
    ("description", "Experimental description"),
    ("observations", "Observations"),
    ("inference", "Inference and conclusion"),
)
"""The parts of a demonstration and their headings, in order."""
