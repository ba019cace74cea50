from cnnviz.datasets import Dataset as Dataset
from cnnviz.datasets import load_dataset as load_dataset
from cnnviz.datasets import load_mnist as load_mnist
from cnnviz.datasets import to_input as to_input
from cnnviz.evaluation import evaluate as evaluate
from cnnviz.experiment import LAB5 as LAB5
from cnnviz.experiment import LENET as LENET
from cnnviz.experiment import Experiment as Experiment
from cnnviz.history import History as History
from cnnviz.network import Network as Network
from cnnviz.notebook import show as show
from cnnviz.routing import pool_routing as pool_routing
from cnnviz.training import Trainer as Trainer
from cnnviz.translation import compare as compare

__version__: str
