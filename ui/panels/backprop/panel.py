"""The backprop panel: the backward pass of the sample in steps."""

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from cnnviz.functional.max_pooling import TieRule
from cnnviz.network import Network
from cnnviz.routing import CellTarget, ParameterTarget, PixelTarget, Target
from cnnviz.receptive_field import INPUT, Cell
from cnnviz.snapshots import Snapshot
from ui.analysis import Analysis
from ui.panels.backprop.filter_view import FilterView
from ui.panels.backprop.focus import Focus, center_of, first_focus
from ui.panels.backprop.formulas import formula_of
from ui.panels.backprop.header import StepHeader
from ui.panels.backprop.input_view import InputView
from ui.panels.backprop.maps_view import MapsView
from ui.panels.backprop.output_view import OutputView
from ui.panels.backprop.passes import Pass, PassRequest, Trial
from ui.panels.backprop.routing_view import RoutingView
from ui.panels.backprop.sentences import sentence_of
from ui.panels.backprop.side_column import POKE, SideColumn
from ui.panels.backprop.step_view import StepView
from ui.panels.backprop.steps import Step, StepKind, backward_steps, is_maps
from ui.panels.backprop.trial import Preview, undone
from ui.panels.backprop.update_view import UpdateView
from ui.panels.backprop.work import BackpropWork, CheckOutcome, PokeOutcome, TieOutcome
from ui.state import AppState, Inspection, PinnedCell, RunStatus
from ui.theme import Theme, follow_theme
from ui.widgets.labels import WrapLabel
from ui.widgets.message_bar import MessageBar
