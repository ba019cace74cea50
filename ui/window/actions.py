"""Everything that can be asked of the program: one row each.

Menus, shortcuts, tool tips, the buttons of the run bar and the list of keys in the help are made from these
rows; to add an action is to add a row, and the method that it names.
"""

from dataclasses import dataclass

from ui.guide.chapters import FIRST_STEPS
from ui.panels.registry import PANELS
from ui.state import RunStatus

MENUS = ("&File", "&Run", "&Lab", "&View", "&Help")

#: What the primary button says while settings wait in the form, and at the end of a run.
START = "Start new run"
START_TIP = "Train a new run from its initial weights, with the settings of the form"

_ALWAYS = frozenset(RunStatus)
_LOADED = _ALWAYS - {RunStatus.LOADING}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """One thing that can be asked for.

    * `name`: under which it is found, and the object name of its button.
    * `text`: in the menu; ``&`` stands before the letter that chooses it.
    * `handler`: method that does it, by its way from the session.
    * `argument`: what the method is given; None for nothing.
    * `tooltip`: what it does, in words that can follow its name.
    * `key`: as `QKeySequence` reads it, or "".
    * `other_key`: another one, for a keyboard where `key` needs more fingers; nobody has to be told
      of it.
    * `help`: what the key does, for the help; "" where the text of the menu says it. Keys of rows
      that follow one another with the same words are listed together.
    * `short`: what a button says instead of the text of the menu, where that is too long for it.
    * `is_checkable`: whether it is switched on and off; the method is given which.
    * `group`: of the checkable ones with the same name one is on at a time; such a one is given its
      `argument`.
    * `listing`: for a submenu: the method, named as `handler` is, that returns the paths in it, one
      of which is given to `handler`.
    * `starts_section`: whether a line is drawn above it in the menu.
    """

    name: str
    menu: str
    text: str
    handler: str
    argument: object = None
    tooltip: str = ""
    key: str = ""
    other_key: str = ""
    help: str = ""
    icon: str = ""
    short: str = ""
    enabled: frozenset[RunStatus] = _ALWAYS
    is_checkable: bool = False
    group: str = ""
    listing: str = ""
    starts_section: bool = False

    @property
    def words(self) -> str:
        """The text of the menu, as it is read."""
        return as_read(self.text).removesuffix("…")

    @property
    def label(self) -> str:
        """What a button says."""
        return self.short or self.words

    @property
    def sentence(self) -> str:
        """The tool tip by itself."""
        return self.tooltip[:1].upper() + self.tooltip[1:]


def as_read(text: str) -> str:
    """Return a text of a menu without the signs before the letters that choose it."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


def action_row(name: str) -> ActionRow:
    """Return the row of that name."""
    return next(row for row in ACTIONS if row.name == name)


ACTIONS = (
    ActionRow(
        name="new", menu="&File", text="&New", handler="document.new", key="Ctrl+N", icon="file-text",
        tooltip="start afresh: the usual settings, no words, no images, no list of recent files",
    ),
    ActionRow(
        name="open", menu="&File", text="&Open…", handler="document.ask_open", key="Ctrl+O",
        tooltip="continue a saved document or a course, or return to the view of an exported picture",
        icon="folder-open",
    ),
    ActionRow(
        name="open_recent", menu="&File", text="Open &recent", handler="document.open",
        listing="document.recent",
    ),
    ActionRow(
        name="save", menu="&File", text="&Save", handler="document.save", key="Ctrl+S", icon="save",
        tooltip="write everything in this window to its file: network, curves, view, words and results",
        starts_section=True,
    ),
    ActionRow(
        name="save_as", menu="&File", text="Save &as…", handler="document.ask_save_as", key="Ctrl+Shift+S",
        tooltip="write everything in this window to another file",
    ),
    ActionRow(
        name="open_data", menu="&File", text="Import &data…", handler="open_data", key="Ctrl+D",
        tooltip="read your own data: an IDX folder, a Keras .npz or a folder of images", starts_section=True,
    ),
    ActionRow(
        name="open_mnist", menu="&File", text="Use &MNIST", handler="controller.open_mnist",
        tooltip="go back to the MNIST digits that come with the program",
    ),
    ActionRow(
        name="import_weights", menu="&File", text="Import &weights…", handler="document.ask_open",
        argument="Weights (*.safetensors);;All files (*)",
        tooltip="continue from the weights of a model in a .safetensors file, as PyTorch writes it",
    ),
    ActionRow(
        name="import_run", menu="&File", text="Import run &to compare…", handler="document.ask_import_run",
        tooltip="show the curves of a saved document in grey beside those of the present run",
    ),
    ActionRow(
        name="export_weights", menu="&File", text="Export wei&ghts…", handler="document.ask_export_weights",
        tooltip="write the model alone, as PyTorch reads it", starts_section=True,
    ),
    ActionRow(
        name="export", menu="&File", text="&Export figure…", handler="exporter.export", key="Ctrl+E",
        tooltip="save a picture of the plot with the keyboard, or of the panel, as a file", icon="image",
    ),
    ActionRow(
        name="copy", menu="&File", text="&Copy figure", handler="exporter.copy", key="Ctrl+C",
        tooltip="copy the plot with the keyboard, or the panel, to the clipboard", icon="copy",
    ),
    ActionRow(
        name="insert", menu="&File", text="&Insert figure into report", handler="exporter.insert",
        tooltip="insert the plot with the keyboard, or the panel, below the observations of the report",
        key="Ctrl+I", icon="plus", short="Insert into report",
    ),
    ActionRow(
        name="export_report", menu="&File", text="Export re&port…", handler="lab.export",
        tooltip="write the lab report as PDF, web page or folder", key="Ctrl+Shift+E", icon="file-text",
    ),
    ActionRow(
        name="quit", menu="&File", text="&Quit", handler="window.close", key="Ctrl+Q",
        tooltip="close the window; a document without a name is kept, and opened again at the next start",
        starts_section=True,
    ),
    ActionRow(
        name="train", menu="&Run", text="&Train or pause", handler="controller.train",
        tooltip="train, stop, go on; with changed settings in the form, start a new run", key="Space",
        icon="play", short="Train", enabled=_LOADED,
    ),
    ActionRow(
        name="train_present", menu="&Run", text="Train the present net&work",
        handler="controller.train_present", key="Shift+Space",
        tooltip="train, pause or continue the network on the screen, whatever settings are in the form",
        enabled=_LOADED - {RunStatus.FAILED},
    ),
    ActionRow(
        name="step", menu="&Run", text="&Step", handler="controller.step", key="S",
        tooltip="train a single step; while training runs, pause it", help="train one step",
        icon="step-forward", enabled=frozenset({RunStatus.READY, RunStatus.TRAINING, RunStatus.PAUSED}),
    ),
    ActionRow(
        name="epoch", menu="&Run", text="One more &epoch", handler="controller.train_epoch", key="E",
        tooltip="train one more epoch", icon="plus", short="+1 epoch",
        enabled=_LOADED - {RunStatus.FAILED},
    ),
    ActionRow(
        name="reset", menu="&Run", text="&Reset to the same weights", key="Ctrl+R",
        handler="controller.reset",
        tooltip="back to the initial weights of the same seed, with the settings of the form; until you "
        "train again, the trained network can be brought back",
        icon="rotate-ccw", short="Reset", enabled=_LOADED, starts_section=True,
    ),
    ActionRow(
        name="new_seed", menu="&Run", text="&New seed", handler="controller.draw_seed",
        tooltip="other initial weights, other order of images", key="Ctrl+Shift+R", icon="dices",
        enabled=_LOADED,
    ),
    ActionRow(
        name="lab", menu="&Lab", text="&Lab guide", handler="lab.enter", key="Ctrl+L", icon="list",
        tooltip="the guided lab at the right, at its open step: predict, do, see, explain, hand in",
    ),
    ActionRow(
        name="close_lab", menu="&Lab", text="&Close the guide", handler="lab.put_away", icon="x",
        tooltip="close the column; your work is kept, and the samples get the room",
    ),
    ActionRow(
        name="show_step", menu="&Lab", text="&Show me", handler="lab.show_me", key="Ctrl+Shift+L",
        tooltip="prepare the window for this step of the lab", help="in the lab: show me",
    ),
    ActionRow(
        name="next_step", menu="&Lab", text="&Next step", handler="lab.go", argument=1,
        tooltip="the next step of the lab", key="Ctrl+PgDown",
    ),
    ActionRow(
        name="last_step", menu="&Lab", text="&Previous step", handler="lab.go", argument=-1,
        tooltip="the previous step of the lab", key="Ctrl+PgUp",
    ),
    ActionRow(
        name="show_covered", menu="&Lab", text="Show &what the lab covers", handler="lab.show_covered",
        tooltip="show all that open predictions of the lab cover; these then count as late", icon="eye",
        key="Ctrl+Shift+U",
    ),
    ActionRow(
        name="open_lab", menu="&Lab", text="&Open lab file…", handler="lab.ask", icon="folder-open",
        tooltip="open a lab that somebody else has written", starts_section=True,
    ),
    ActionRow(
        name="find", menu="&View", text="&Find…", handler="window.finder.ask", key="Ctrl+K",
        tooltip="find any action, setting, control or page of the help by its words",
        help="find anything by its words", icon="search",
    ),
    *(
        ActionRow(
            name=f"theme_{mode}", menu="&View", text=text, handler="set_theme_mode", argument=mode,
            is_checkable=True, group="theme", tooltip=tooltip,
            starts_section=mode == "system",
        )
        for mode, text, tooltip in (
            ("system", "System theme", "light or dark, as the system has it"),
            ("light", "Light theme", "the light theme, whatever the system has"),
            ("dark", "Dark theme", "the dark theme, whatever the system has"),
        )
    ),
    *(
        ActionRow(
            name=f"panel_{number}", menu="&View", text=f"&{number + 1} {row.title}", key=f"Ctrl+{number + 1}",
            handler="window.enter_panel", argument=number, help="panels", starts_section=number == 0,
        )
        for number, row in enumerate(PANELS)
    ),
    ActionRow(
        name="move_aside", menu="&View", text="Put panel &beside the others",
        handler="window.panels.move_aside", key="Ctrl+B",
        tooltip="two panels side by side; their title bars can be dragged",
    ),
    ActionRow(
        name="gather", menu="&View", text="All panels as &tabs", handler="window.panels.gather",
        key="Ctrl+Shift+B",
    ),
    ActionRow(
        name="next_area", menu="&View", text="Next &area", handler="window.areas.go", argument=1, key="F6",
        tooltip="move the keyboard to the next part of the window", starts_section=True,
    ),
    ActionRow(
        name="last_area", menu="&View", text="Pr&evious area", handler="window.areas.go", argument=-1,
        tooltip="move the keyboard to the previous part of the window", key="Shift+F6",
    ),
    ActionRow(
        name="picture", menu="&View", text="Pi&cture of the panel", handler="window.enter_picture", key="P",
        tooltip="move the keyboard into the main picture of the panel in front",
    ),
    ActionRow(
        name="timeline", menu="&View", text="T&imeline", handler="window.to_timeline", argument=False,
        key="T", tooltip="the timeline; in presenter mode unfold it, or fold it away again",
    ),
    ActionRow(
        name="compare", menu="&View", text="Compare &weights", handler="window.to_timeline", argument=True,
        key="W", tooltip="the weights of two moments side by side, or no longer",
    ),
    ActionRow(
        name="next_image", menu="&View", text="Ne&xt image", handler="window.samples.turn", argument=1,
        key="N", tooltip="make the next test image of the list the sample, wherever the keyboard is",
    ),
    ActionRow(
        name="last_image", menu="&View", text="Pre&vious image", handler="window.samples.turn", argument=-1,
        key="Shift+N", tooltip="make the test image before it in the list the sample",
    ),
    ActionRow(
        name="next_page", menu="&View", text="&Next page", handler="window.pages.turn", argument=1,
        key="PgDown", tooltip="the next page or step of the panel, then of the lab",
        help="the next page or step of the panel, then of the lab",
    ),
    ActionRow(
        name="last_page", menu="&View", text="Previous pa&ge", handler="window.pages.turn", argument=-1,
        key="PgUp", tooltip="the previous page or step of the panel, then of the lab",
        help="the previous page or step of the panel, then of the lab",
    ),
    ActionRow(
        name="keys", menu="&View", text="&Keys on controls", handler="remember_keys",
        tooltip="show on each control the key that presses it", is_checkable=True, icon="keyboard",
    ),
    ActionRow(
        name="motion", menu="&View", text="&Motion", handler="set_motion", is_checkable=True,
        tooltip="let numbers fly along arrows to their cells, and messages slide in",
    ),
    ActionRow(
        name="presenter", menu="&View", text="&Presenter mode", handler="window.set_presenting", key="F11",
        other_key="F5", is_checkable=True, starts_section=True, help="presenter mode (Esc leaves it)",
        tooltip="the panel in front alone, as large as the screen, to be read from the last row",
    ),
    ActionRow(
        name="larger", menu="&View", text="&Larger", handler="theme.rescale", argument=1, key="Ctrl++",
        other_key="Ctrl+=", tooltip="enlarge everything, up to twice its usual size",
    ),
    ActionRow(
        name="smaller", menu="&View", text="&Smaller", handler="theme.rescale", argument=-1,
        tooltip="make everything smaller", key="Ctrl+-",
    ),
    ActionRow(
        name="usual_size", menu="&View", text="&Usual size", handler="theme.set_scale", argument=1.0,
        tooltip="show everything in its usual size", key="Ctrl+0",
    ),
    ActionRow(
        name="bare", menu="&View", text="&Hide samples and timeline", handler="window.set_bare", key="F9",
        tooltip="give all the room to the panels; in presenter mode fold the menus, too",
        is_checkable=True, starts_section=True,
    ),
    ActionRow(
        name="guide", menu="&Help", text="&User guide", handler="window.show_guide", key="F1",
        tooltip="the user guide, at the chapter of the panel in front", icon="circle-question-mark",
    ),
    ActionRow(
        name="help", menu="&Help", text="&First steps and keys", handler="window.show_chapter",
        argument=FIRST_STEPS, tooltip="what to try first, and all keys",
    ),
    ActionRow(
        name="key_list", menu="&Help", text="&Keys", handler="window.show_chapter", key="?",
        argument=f"{FIRST_STEPS}#keys", tooltip="all keys, as the menus group them",
        help="all keys",
    ),
    ActionRow(
        name="about", menu="&Help", text="&About CNNViz", handler="window.show_about",
        tooltip="version and licences",
    ),
)  # fmt: skip
"""In the order of the menus."""
