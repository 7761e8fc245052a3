import assert from "node:assert/strict";
import { test } from "node:test";
import { inLines } from "../src/question/clauses";
import { chance } from "./chance";

test("each part of a query gets a line, and each of what it returns", () => {
  const query = "MATCH (u:User) WHERE u.a IN ['x', 'y'] AND EXISTS { MATCH (u)-[:R]->(g) WHERE g.b } RETURN u.id AS id, count(*) AS n ORDER BY n";
  assert.equal(
    inLines(query),
    "MATCH (u:User)\nWHERE u.a IN ['x', 'y'] AND EXISTS { MATCH (u)-[:R]->(g) WHERE g.b }\nRETURN u.id AS id,\n  count(*) AS n\nORDER BY n",
  );
});

test("what is quoted stays, and so do words that only look like a part", () => {
  const query = `MATCH (u) WHERE u.n STARTS WITH 'a, RETURN \\' WHERE' AND u.limit = 1 RETURN u.\`order by\``;
  assert.equal(inLines(query), `MATCH (u)\nWHERE u.n STARTS WITH 'a, RETURN \\' WHERE' AND u.limit = 1\nRETURN u.\`order by\``);
});

test("nothing but white space is added, whatever the text", () => {
  const parts = ["MATCH", "RETURN", "'it is'", '"', "`", "(", ")", ",", " ", "WHERE x", "\\", "SELECT a", "LIMIT"];
  const next = chance(7);
  for (let round = 0; round < 500; round += 1) {
    const text = Array.from({ length: 12 }, () => parts[Math.floor(next() * parts.length)]).join(" ");
    assert.equal(inLines(text).replace(/\s/g, ""), text.replace(/\s/g, ""));
  }
});

test("a query that has lines keeps them", () => {
  assert.equal(inLines("MATCH (u)\nRETURN u, u"), "MATCH (u)\nRETURN u, u");
});
