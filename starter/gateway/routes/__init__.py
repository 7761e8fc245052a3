"""What can be called, one module for each kind of thing."""

from __future__ import annotations

from fastapi import APIRouter

from starter.gateway.routes import health, questions

ROUTERS: tuple[APIRouter, ...] = (health.router, questions.router)
