"""Guided labs: files of steps in which students predict, do, see, explain and hand in.

Nothing here needs a window, which shows a `Lab` and a `LabRecord` and tells the record what happened.

    lab file (TOML)  ->  Lab         what to show, ask and measure        load_lab, check_lab
    student          ->  LabRecord   predictions, words, what was done    immutable
    experiment       ->  Bench       one trained network and its data     trained
    Bench            ->  Measured    the true answers                     measure; MEASURES has all of them
    all of these     ->  HandIn      results.json, in PDF and HTML, too   hand_in; --verify measures it again

A step from prediction to verdict:

    record = LabRecord.of(lab).predicted(step, Commitment(0.4, now()))
    truth = measure(step.id, step.prediction.truth, bench)
    record = record.revealed(step, now(), Found((truth,), now(), bench.step, bench.experiment))
    verdict = judge(step.prediction, 0.4, truth)

The first prediction counts, and none counts after its reveal. A hypothesis keeps every version. What is
ticked stays so, and only what happens while a step is in front ticks it.
"""
