"""How long the chapters of a question may take, and how often they are tried."""

from __future__ import annotations

from datetime import timedelta

from temporalio.common import RetryPolicy

# Understanding a sentence takes milliseconds offline; two models in order, each asked for an intent and a plan, with
# a repair of each and 90 s for a call, take 12 minutes at the very most.
PLANNING_TIMEOUT = timedelta(minutes=15)
# Links to files, and copies of journals: some gigabytes of them where a step had made a hundred thousand calls.
ADOPTING_TIMEOUT = timedelta(minutes=15)
# A query ends at its own limit (30 s by default) and is written twice at most, by two models in order with a repair.
STEP_TIMEOUT = timedelta(minutes=15)
# A program waits for the tenant's rate limits as long as the settings let it (`HOLDFAST_API__STEP_TIMEOUT`); this ends
# one that got past its own limit.
PROGRAM_TIMEOUT = timedelta(hours=25)
# A special tool asks a few dozen times; a tenant whose limit is used up by others makes it wait some windows.
SPECIAL_TIMEOUT = timedelta(minutes=30)
# A million rows with joins and sorts take seconds; the recipe before it two models in order, with a repair.
FORMATTING_TIMEOUT = timedelta(minutes=10)
# After this a killed worker is noticed and its activity done again; beats come every 2.5 s.
HEARTBEAT_TIMEOUT = timedelta(seconds=10)
# Attempts come fast at first, because most faults here are a process that is being replaced, and end after about
# a minute, because a full disk or a dead engine needs a person. A worker that is away spends no attempt.
RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=250),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=15),
    maximum_attempts=9,
    # Too large a payload stays too large: it is retryable by default and would loop.
    non_retryable_error_types=["PayloadsTooLarge"],
)
# What a program has read is in its journal, so another attempt costs little: it outlives many killed workers, and a
# tenant that is away for about half an hour.
PROGRAM_RETRIES = RetryPolicy(
    initial_interval=timedelta(milliseconds=250),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=15),
    maximum_attempts=120,
    non_retryable_error_types=["PayloadsTooLarge"],
)
