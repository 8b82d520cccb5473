// Values as JSON: an int beyond ±(2^53-1) is its decimal digits, NaN and the infinities are names, bytes are base64, times are
// texts, and so are all keys.

function wireNumber(value) {
  const number = BigInt(value.valueOf());
  return number === BigInt.asIntN(54, number) && number !== -(2n ** 53n) ? Number(number) : String(number);
}

// A value as JSON data.
function wire(value) {
  if (typeof value === "bigint" || value instanceof Uint) return wireNumber(value);
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : String(value);
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(wire);
  if (value instanceof Uint8Array) return base64(value);
  if (value instanceof Optional) return wire(orNull(value));
  return isMap(value) ? Object.fromEntries(entriesOf(value).map(([key, one]) => [String(key), wire(one)])) : String(value);
}

// The canonical JSON text of a value: keys in the order of their UTF-16 units, no white space.
function json(value) {
  return textOfJson(wire(value));
}

function textOfJson(data) {
  if (Array.isArray(data)) return `[${data.map(textOfJson).join(",")}]`;
  if (data === null || typeof data !== "object") return JSON.stringify(data);
  const keys = Object.keys(data).sort((a, b) => (a < b ? -1 : 1));
  return `{${keys.map((key) => `${JSON.stringify(key)}:${textOfJson(data[key])}`).join(",")}}`;
}

// A value in a template: a string as it is, anything else as in JSON; null is an error.
function textOf(value) {
  if (value === null) throw new CelError("null has no text");
  if (typeof value === "string") return value;
  const made = json(value);
  return Array.isArray(value) || isMap(value) ? made : made.replace(/^"|"$/g, "");
}

// JSON data as a value whose type nobody has declared.
function ofJson(data) {
  if (typeof data === "number") return Number.isSafeInteger(data) ? BigInt(data) : data;
  if (Array.isArray(data)) return data.map(ofJson);
  if (data === null || typeof data !== "object") return data;
  return Object.fromEntries(Object.entries(data).map(([key, one]) => [key, ofJson(one)]));
}
