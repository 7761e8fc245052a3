import assert from "node:assert/strict";
import { test } from "node:test";
import { blocksOf, inlinesOf } from "../src/question/markdown";

test("headings, paragraphs, lists, tables and code are told apart", () => {
  const text = "# Found\n\nTwo **people**\nin all.\n- a\n- b\n\n1. x\n2. y\n\n| n | v |\n|---|---|\n| a | 1 |\n\n```\nraw | text\n```";
  assert.deepEqual(blocksOf(text).map((block) => block.kind), ["heading", "paragraph", "list", "list", "table", "code"]);
});

test("a link shows where it leads", () => {
  assert.deepEqual(inlinesOf("[okta](https://evil.example/x) end"), [
    { kind: "text", text: "okta (https://evil.example/x)" },
    { kind: "text", text: " end" },
  ]);
});

test("markup of the tenant stays text", () => {
  const text = "<img src=x onerror=alert(1)> *<b>*";
  const [block] = blocksOf(text);
  assert.ok(block?.kind === "paragraph");
  assert.equal(block.text.map((part) => part.text).join(""), "<img src=x onerror=alert(1)> <b>");
});

test("no text is without an end, and none is lost", () => {
  const odd = ["", "\n\n", "|", "| a |\n|--|", "```", "``` open\nx", "**", "- ", "#", "1.", "* * *", "a\n```\nb", "[a](", "- x\n| a | b |\n|---|---|"];
  for (const text of odd) blocksOf(text);
  assert.equal(inlinesOf("2 * 3 * 4").map((part) => part.text).join(""), "2 * 3 * 4");
  assert.deepEqual(inlinesOf("some_snake_case_name"), [{ kind: "text", text: "some_snake_case_name" }]);
});
