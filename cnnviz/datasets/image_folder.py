"""Folders of pictures: one sub-folder for each class, its name the name of the class."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cnnviz.datasets.assembly import check_class_count
from cnnviz.datasets.dataset import MIN_CLASSES, Dataset
from cnnviz.datasets.images import IMAGE_SUFFIXES, fit_image, read_levels
from cnnviz.files import LONGEST_NAME, printable
from cnnviz.quantities import format_count
from cnnviz.reading import MOST_ENTRIES, bad_file, entries

SIDE = 28
"""Side in pixels that every picture is scaled to: MNIST's."""
MAX_PIXELS_IN_ALL = 10**9
"""Pixels of all pictures before they are scaled: half a minute's work, and MNIST's twenty times."""
TEST_EVERY = 6
"""Every sixth picture of a class is kept for the test, about MNIST's share."""

Progress = Callable[[int, int], object]

_PART_NAMES = (("train", "training"), ("test", "testing"))

_Files = list[tuple[Path, int]]


def class_folders(folder: Path) -> list[Path]:
    """Return the sub-folders of a folder, hidden ones left out; names that are numbers come in their order.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    found = [
        Path(entry.path)
        for entry in entries(folder)
        if not entry.name.startswith((".", "__")) and entry.is_dir()
    ]
    check_class_count(folder, len(found))
    return sorted(found, key=_class_order)


def read_image_folder(folder: Path, progress: Progress | None = None) -> Dataset:
    """Read the pictures of a folder with one sub-folder for each class.

    If the folder has the sub-folders ``train`` and ``test`` (or ``training`` and ``testing``), these hold
    the classes. Otherwise the pictures of each class are sorted by name, and every sixth (of two to five
    pictures the last) goes to the test set. Each is fitted into 28 x 28 pixels (see `fit_image`).

    Parameters
    ----------
    progress : callable, optional
        Called with the number of pictures read and their total; an exception it raises ends the reading.

    Raises
    ------
    DataError
        If the folder or a picture cannot be read, or there is too little in it.
    """
    classes, train, test = _list_pictures(folder)
    if len(classes) < MIN_CLASSES or not train:
        raise bad_file(
            folder,
            f"has {len(classes)} sub-folder(s) with {len(train) + len(test)} picture(s)",
            f"at least {MIN_CLASSES}, one of PNG, JPEG or BMP pictures for each class, were expected",
            "add them or choose another folder",
        )
    files = train + test
    images = np.empty((len(files), 1, SIDE, SIDE), np.uint8)
    left = MAX_PIXELS_IN_ALL
    coloured = scaled = 0
    for index, (path, _) in enumerate(files):
        pixels, has_colours = read_levels(path)
        coloured += has_colours
        scaled += pixels.shape != (SIDE, SIDE)
        left -= pixels.size
        if left < 0:
            most = f"at most {format_count(MAX_PIXELS_IN_ALL)} in all can be read"
            raise bad_file(folder, "holds too many pixels", most, "scale the images down")
        images[index, 0] = fit_image(pixels, SIDE, SIDE)
        if progress is not None:
            progress(index + 1, len(files))
    labels = np.array([label for _, label in files], np.int64)
    split = len(train)
    return Dataset(
        images[:split],
        labels[:split],
        images[split:],
        labels[split:],
        classes,
        folder.name,
        conversion=_conversion(folder.name, len(files), coloured, scaled),
        path=folder,
    )


def _conversion(name: str, count: int, coloured: int, scaled: int) -> str:
    """Return what the pictures have lost, as a sentence; empty for nothing."""
    parts = ((coloured, "made grey"), (scaled, f"scaled to {SIDE} x {SIDE} pixels"))
    done = [
        f"{format_count(number)} {'was' if number == 1 else 'were'} {what}"
        for number, what in parts
        if number
    ]
    if not done:
        return ""
    return f"Of the {format_count(count)} pictures in {printable(name, LONGEST_NAME)}, {' and '.join(done)}."


def _list_pictures(folder: Path) -> tuple[tuple[str, ...], _Files, _Files]:
    """Return the names of the classes, and the picture files with their labels for training and for test."""
    folders = class_folders(folder)
    train_part, test_part = (_part_folder(folders, names) for names in _PART_NAMES)
    if train_part and test_part:
        train_folders, test_folders = class_folders(train_part), class_folders(test_part)
        names = {path.name: path for path in train_folders + test_folders}
        classes = tuple(path.name for path in sorted(names.values(), key=_class_order))
        train, test = (
            [
                (path, classes.index(sub.name))
                for sub, pictures in zip(subs, _pictures(subs), strict=True)
                for path in pictures
            ]
            for subs in (train_folders, test_folders)
        )
        return classes, train, test
    train: _Files = []
    test: _Files = []
    for label, pictures in enumerate(_pictures(folders)):
        # A class of two to five pictures still gets one for the test.
        held_out = set(pictures[TEST_EVERY - 1 :: TEST_EVERY] or pictures[1:][-1:])
        for path in pictures:
            (test if path in held_out else train).append((path, label))
    return tuple(sub.name for sub in folders), train, test


def _part_folder(folders: list[Path], names: tuple[str, ...]) -> Path | None:
    return next((path for path in folders if path.name.lower() in names), None)


def _pictures(folders: list[Path]) -> list[list[Path]]:
    """Return the picture files of each folder, sorted by name so that the split is the same everywhere."""
    pictures: list[list[Path]] = []
    left = MOST_ENTRIES
    for folder in folders:
        found = entries(folder, left)
        left -= len(found)
        pictures.append([Path(entry.path) for entry in found if _is_picture(entry)])
    return pictures


def _is_picture(entry: os.DirEntry[str]) -> bool:
    name = entry.name.lower()
    return name.endswith(IMAGE_SUFFIXES) and not name.startswith(".") and entry.is_file()


def _class_order(path: Path) -> tuple[bool, int, str]:
    number = path.name.isdecimal()
    return not number, int(path.name) if number else 0, path.name
