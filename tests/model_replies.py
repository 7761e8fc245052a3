"""What model servers reply, in the wire format of each kind of provider."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import BaseModel

Json: TypeAlias = dict[str, Any]


def estimated_tokens(size_bytes: int) -> int:
    """A quarter of the bytes, rounded up."""
    return -(-size_bytes // 4)


@dataclass(frozen=True)
class Request:
    """What arrived."""

    provider: str
    model: str
    path: str
    headers: Mapping[str, str]
    body: Json
    size_bytes: int

    @property
    def tokens(self) -> int:
        """Estimated."""
        return estimated_tokens(self.size_bytes)

    @property
    def text(self) -> str:
        """Everything that the model would read, as JSON with readable characters."""
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def tools(self) -> list[Json]:
        """Every tool that the model may call, each with its name, its description and its JSON schema."""
        match self.provider:
            case "local":
                tools = [tool["function"] for tool in self.body["tools"]]
            case "google":
                tools = [tool for group in self.body["tools"] for tool in group["functionDeclarations"]]
            case _:
                tools = self.body["tools"]
        names = ("parameters", "input_schema", "parameters_json_schema")
        return [
            {
                "name": tool["name"],
                "description": tool.get("description", ""),
                "schema": next(tool[name] for name in names if name in tool),
            }
            for tool in tools
        ]

    @property
    def tool(self) -> Json:
        """The tool by which the answer is to be given."""
        return next(tool for tool in self.tools if tool["name"] == "final_result")


@dataclass(frozen=True)
class Usage:
    """What the provider says that it counted."""

    input_tokens: int
    output_tokens: int


# The request's and the reply's own estimate; None: the provider tells nothing.
COUNTED = Usage(-1, -1)


@dataclass(frozen=True)
class Written:
    """A tool called with this, by default that of the answer; text instead of JSON stands as it is, however broken."""

    output: Any
    usage: Usage | None = COUNTED
    cut_off: bool = False
    tool: str = "final_result"


@dataclass(frozen=True)
class Text:
    """Words instead of a tool call; empty for an empty reply."""

    text: str
    usage: Usage | None = COUNTED
    cut_off: bool = False


@dataclass(frozen=True)
class Refusal:
    """The model declines in words; `filtered`: the provider's filter stops it without any."""

    text: str = "I cannot help with that."
    filtered: bool = False


@dataclass(frozen=True)
class Status:
    """An error as its provider words it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "it did not work"
    kind: str = "error"


@dataclass(frozen=True)
class Raw:
    """Any bytes at all."""

    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True)
class Hang:
    """No answer for longer than any test waits; with `trickle`, a blank now and then."""

    trickle: bool = False


@dataclass(frozen=True)
class Dropped:
    """The connection ends: before the answer, or in the middle of it."""

    midway: bool = False


Reply: TypeAlias = Json | BaseModel | Written | Text | Refusal | Status | Raw | Hang | Dropped
Scripted: TypeAlias = Reply | Callable[[Request], Reply]


def reply_body(asked: Request, reply: Written | Text | Refusal) -> Json:
    """The body with which the provider that was asked says this."""
    return _REPLIES[asked.provider](asked, reply)


def _as_json(output: Any) -> Any:
    return output.model_dump(mode="json") if isinstance(output, BaseModel) else output


def _arguments(output: Any) -> str:
    return output if isinstance(output, str) else json.dumps(_as_json(output))


def _usage(asked: Request, reply: Written | Text | Refusal) -> Usage | None:
    usage = COUNTED if isinstance(reply, Refusal) else reply.usage
    if usage is not COUNTED:
        return usage
    said = _arguments(reply.output) if isinstance(reply, Written) else reply.text
    return Usage(asked.tokens, max(1, estimated_tokens(len(said.encode()))))


def _responses(asked: Request, reply: Written | Text | Refusal) -> Json:
    """OpenAI's Responses API."""
    incomplete: str | None = None
    item: Json = {}
    match reply:
        case Written():
            item = {"type": "function_call", "id": "fc_1", "call_id": "call_1", "status": "completed"}
            item |= {"name": reply.tool, "arguments": _arguments(reply.output)}
        case Text():
            part: Json = {"type": "output_text", "text": reply.text, "annotations": []}
            item = _message(part)
        case Refusal():
            item = _message({"type": "refusal", "refusal": reply.text})
    if isinstance(reply, Refusal) and reply.filtered:
        incomplete, item = "content_filter", {}
    elif not isinstance(reply, Refusal) and reply.cut_off:
        incomplete = "max_output_tokens"
    usage = _usage(asked, reply)
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": int(time.time()),
        "model": asked.model,
        "status": "incomplete" if incomplete else "completed",
        "incomplete_details": {"reason": incomplete} if incomplete else None,
        "error": None,
        "output": [item] if item and reply != Text("") else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage
        and {
            "input_tokens": usage.input_tokens,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": usage.output_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage.input_tokens + usage.output_tokens,
        },
    }


def _message(part: Json) -> Json:
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}


def _chat(asked: Request, reply: Written | Text | Refusal) -> Json:
    """OpenAI's Chat Completions, as local servers speak it."""
    message: Json = {"role": "assistant", "content": None}
    reason = "stop"
    match reply:
        case Written():
            function = {"name": reply.tool, "arguments": _arguments(reply.output)}
            message["tool_calls"] = [{"id": "call_1", "type": "function", "function": function}]
            reason = "length" if reply.cut_off else "tool_calls"
        case Text():
            message["content"] = reply.text
            reason = "length" if reply.cut_off else "stop"
        case Refusal():
            message["refusal"] = None if reply.filtered else reply.text
            reason = "content_filter" if reply.filtered else "stop"
    usage = _usage(asked, reply)
    answer: Json = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": asked.model,
        "choices": [{"index": 0, "message": message, "finish_reason": reason, "logprobs": None}],
    }
    if usage:
        answer["usage"] = {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.input_tokens + usage.output_tokens,
        }
    return answer


def _messages(asked: Request, reply: Written | Text | Refusal) -> Json:
    """Anthropic's Messages API."""
    content: list[Json] = []
    match reply:
        case Written():
            content = [{"type": "tool_use", "id": "toolu_1", "name": reply.tool, "input": None}]
            content[0]["input"] = _as_json(reply.output)
            reason = "max_tokens" if reply.cut_off else "tool_use"
        case Text():
            content = [{"type": "text", "text": reply.text}] if reply.text else []
            reason = "max_tokens" if reply.cut_off else "end_turn"
        case Refusal():
            content = [] if reply.filtered else [{"type": "text", "text": reply.text}]
            reason = "refusal"
    usage = _usage(asked, reply)
    answer: Json = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked.model}
    answer |= {"content": content, "stop_reason": reason, "stop_sequence": None}
    if usage:
        answer["usage"] = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    return answer


def _gemini(asked: Request, reply: Written | Text | Refusal) -> Json:
    """Google's Gemini API."""
    parts: list[Json] = []
    reason = "STOP"
    match reply:
        case Written(output=str()):
            # This is how Gemini says that what the model wrote was no JSON.
            reason = "MALFORMED_FUNCTION_CALL"
        case Written():
            parts = [{"functionCall": {"name": reply.tool, "args": _as_json(reply.output)}}]
        case Text():
            parts = [{"text": reply.text}] if reply.text else []
        case Refusal():
            reason = "SAFETY"
    if not isinstance(reply, Refusal) and reply.cut_off:
        reason = "MAX_TOKENS"
    usage = _usage(asked, reply)
    answer: Json = {"modelVersion": asked.model, "responseId": "r1"}
    if isinstance(reply, Refusal) and reply.filtered:
        answer["promptFeedback"] = {"blockReason": "SAFETY"}
    else:
        content = {"role": "model", "parts": parts}
        answer["candidates"] = [{"content": content, "finishReason": reason, "index": 0}]
    if usage:
        answer["usageMetadata"] = {
            "promptTokenCount": usage.input_tokens,
            "candidatesTokenCount": usage.output_tokens,
            "totalTokenCount": usage.input_tokens + usage.output_tokens,
        }
    return answer


_REPLIES: dict[str, Callable[[Request, Written | Text | Refusal], Json]] = {
    "openai": _responses,
    "local": _chat,
    "anthropic": _messages,
    "google": _gemini,
}
_GOOGLE_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def error_body(provider: str, reply: Status) -> Json:
    """The body with which a provider says that something is wrong."""
    match provider:
        case "google":
            status = _GOOGLE_STATUSES.get(reply.status, "UNKNOWN")
            return {"error": {"code": reply.status, "message": reply.message, "status": status}}
        case "anthropic":
            return {"type": "error", "error": {"type": reply.kind, "message": reply.message}}
        case _:
            return {"error": {"message": reply.message, "type": reply.kind, "param": None, "code": None}}
