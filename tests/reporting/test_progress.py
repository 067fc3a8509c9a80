"""The clock leaves pauses out; lines are lines where there is no terminal."""

import io

import pytest

from slm_jax.reporting.progress import LiveProgress, PlainProgress, StepClock, StepLine, format_seconds, make_progress, progress_bar


class Time:
    now = 0.0

    def __call__(self):
        return self.now


class Terminal(io.StringIO):
    def isatty(self):
        return True


def line(step, total=100):
    return StepLine(step=step, total_steps=total, loss=1.25, learning_rate=1e-3, tokens_per_second=12345.6, padding_share=0.034, eta_seconds=187)


def test_tokens_per_second_is_that_of_training_alone():
    time = Time()
    clock = StepClock(now=time)
    time.now = 60.0  # compiling
    clock.restart()
    for _ in range(4):
        time.now += 2
        clock.step(1000)
    with clock.paused():
        time.now += 100
    assert clock.lap_tokens_per_second() == 500
    time.now += 1
    clock.step(1000)
    assert clock.lap_tokens_per_second() == 1000
    assert clock.training_seconds() == 9
    assert clock.eta_seconds(10) == pytest.approx(109 / 5 * 10)  # pauses will come again
    assert clock.lap_tokens_per_second() == 0


def test_a_pause_ends_with_an_error_too():
    time = Time()
    clock = StepClock(now=time)
    with pytest.raises(ZeroDivisionError), clock.paused():
        time.now += 5
        raise ZeroDivisionError
    assert clock.training_seconds() == 0


def test_eta_is_unknown_before_the_first_step():
    assert StepClock().eta_seconds(10) is None
    assert [format_seconds(seconds) for seconds in (None, 0.4, 59.6, 187, 7500)] == ["--", "0:00", "1:00", "3:07", "2:05:00"]


def test_the_step_line_has_everything_and_fits_a_terminal():
    text = line(20).text()
    for part in ("step  20/100", "loss 1.2500", "lr 1.00e-03", "12,346 tok/s", "3.4% pad", "ETA 3:07"):
        assert part in text
    assert len(text) < 80


def test_plain_stages_are_said_at_start_now_and_then_and_at_the_end():
    time, stream = Time(), io.StringIO()
    progress = PlainProgress(stream, every_seconds=5, now=time)
    for done in range(1, 11):
        time.now += 1
        progress.stage("making examples", done, 10)
    progress.stage("packing", 1, 1)
    assert stream.getvalue().splitlines() == ["making examples: 1/10", "making examples: 6/10", "making examples: 10/10", "packing: 1/1"]


def test_terminals_get_a_live_line_and_files_get_lines():
    assert type(make_progress(io.StringIO())) is PlainProgress
    terminal = Terminal()
    with make_progress(terminal) as progress:
        assert type(progress) is LiveProgress
        for done in range(3):
            progress.stage("making examples", done + 1, 3)
        progress.step(line(50))
        progress.say("a [b] =SUM(A1:B2)[/c]")
        progress.step(line(100))
    text = terminal.getvalue()
    assert "making examples: 3/3" in text and "a [b] =SUM(A1:B2)[/c]" in text and "step 100/100" in text


def test_progress_bar_is_a_callback():
    stream = io.StringIO()
    with progress_bar(stream) as progress:
        progress("answering", 2, 2)
    assert stream.getvalue() == "answering: 2/2\n"
