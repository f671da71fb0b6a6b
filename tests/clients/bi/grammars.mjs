// Reads {"trino": {name: text}, "m": {name: text}} from standard input; prints what each text is refused for.
import { readFileSync } from "node:fs";
import { TrinoSQL } from "dt-sql-parser";
import * as PQP from "@microsoft/powerquery-parser";

const asked = JSON.parse(readFileSync(0, "utf8"));
const refused = {};
for (const [name, text] of Object.entries(asked.trino ?? {})) {
  const errors = new TrinoSQL().validate(text);
  if (errors.length > 0) refused[name] = `line ${errors[0].startLine}: ${errors[0].message}`;
}
for (const [name, text] of Object.entries(asked.m ?? {})) {
  const done = await PQP.TaskUtils.tryLexParse(PQP.DefaultSettings, text);
  if (done.error !== undefined) refused[name] = String(done.error.message);
}
console.log(JSON.stringify(refused));
