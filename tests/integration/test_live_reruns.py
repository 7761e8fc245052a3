"""A live step that fails is retried, and the tenant's own log shows that nothing is asked twice; edits are checked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from temporalio.client import Client

from evaluation.tenant import DemoTenant, demo_tenant
from holdfast.answer import Answer, Outcome
from holdfast.contracts import TASK_QUEUE
from holdfast.demo import FaultOptions, TenantOptions, running
from holdfast.errors import ArtifactMissing, NoSnapshot, PresentationRejected, ProgramRefused, QueryRefused
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import load_settings
from starter import questions, reruns
from starter.changes import Changes
from starter.connection import Connection
from tests.api_steps import Asked
from tests.demo_asker import UNLIMITED
from tests.integration.live_models import LivePlace, asked, graph_pool, script
from tests.integration.test_model_live_question import FACTORS, HYBRID, PHISHABLE, phishable
from tests.model_servers import ModelServer, model_server
from tests.model_tasks import TASKS as _TASKS

assert _TASKS
