from __future__ import annotations

from datetime import timedelta

from holdfast.api_step.progress import pause_before_telling

# Temporal ends a run at 51,200 events of its history. What is told and watched costs up to ten: a signal, an update,
# and the workflow tasks of both.
LIMIT = 51_200
EVENTS_A_TELLING = 10


def _tellings(length: timedelta) -> int:
    running, count = timedelta(), 0
    while running < length:
        running += pause_before_telling(running)
        count += 1
    return count


def test_a_step_tells_of_itself_every_second_at_first() -> None:
    assert _tellings(timedelta(minutes=1)) == 60


def test_a_step_of_six_hours_that_is_watched_stays_far_below_the_limit_of_a_history() -> None:
    assert _tellings(timedelta(hours=6)) * EVENTS_A_TELLING < LIMIT / 10


def test_ten_steps_of_a_day_each_stay_below_it() -> None:
    assert 10 * _tellings(timedelta(days=1)) * EVENTS_A_TELLING < LIMIT
