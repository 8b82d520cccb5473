// Strings; places count code points from 0.

// The characters of a string; the string itself where each of them is one unit.
function points(text) {
  return /[\ud800-\udfff]/.test(text) ? Array.from(text) : text;
}

function glued(characters) {
  return typeof characters === "string" ? characters : characters.join("");
}

function textSize(text) {
  return BigInt(points(text).length);
}

function placeIn(index, length) {
  if (0n <= index && index <= length) return Number(index);
  throw new CelError(`index out of range: ${index}`);
}

// The character at an index; empty at the end of the string.
function charAt(text, index) {
  const characters = points(text);
  return characters[placeIn(index, characters.length)] ?? "";
}

function substring(text, start, end = null) {
  const characters = points(text);
  const last = end === null ? characters.length : placeIn(end, characters.length);
  const first = placeIn(start, characters.length);
  if (first > last) throw new CelError(`invalid range: start ${start} is behind end ${last}`);
  return glued(characters.slice(first, last));
}

// How many units of a string stand before a place.
function unitsBefore(text, index) {
  const characters = points(text);
  return glued(characters.slice(0, placeIn(index, characters.length))).length;
}

function placeOfUnit(text, unit) {
  return unit < 0 ? -1n : textSize(text.slice(0, unit));
}

function indexOf(text, part, start = 0n) {
  return placeOfUnit(text, text.indexOf(part, unitsBefore(text, start)));
}

// The last place, at or before `start`, where `part` begins; -1 when there is none.
function lastIndexOf(text, part, start = null) {
  return placeOfUnit(text, text.lastIndexOf(part, start === null ? text.length : unitsBefore(text, start)));
}

function lowerAscii(text) {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function upperAscii(text) {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

// Every occurrence replaced, or the first so many; an empty string occurs around every character.
function replace(text, old, fresh, count = -1n) {
  let left = count < 0n ? Infinity : Number(count);
  if (old === "") {
    const made = [...text].map((character) => (left-- > 0 ? fresh : "") + character);
    return made.join("") + (left > 0 ? fresh : "");
  }
  const parts = text.split(old);
  return parts.map((part, at) => (at === 0 ? part : (at <= left ? fresh : old) + part)).join("");
}

// At most `count` parts (all when negative); an empty separator splits into characters.
function split(text, separator, count = -1n) {
  if (count === 0n) return [];
  const parts = separator === "" ? Array.from(text) : text.split(separator);
  if (!parts.length) parts.push("");
  if (count < 0n || count >= parts.length) return parts;
  const kept = Number(count) - 1;
  return [...parts.slice(0, kept), parts.slice(kept).join(separator)];
}

const SPACE = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

// Without Unicode white space at both ends.
function trim(text) {
  let start = 0;
  let end = text.length;
  while (start < end && SPACE.test(text[start])) start += 1;
  while (start < end && SPACE.test(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

// In double quotes, with escapes for what would not show.
function quote(text) {
  const escapes = { 7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\" };
  return `"${text.replace(/[\x07-\r"\\]/g, (character) => `\\${escapes[character.charCodeAt(0)]}`)}"`;
}

// A list or string backwards.
function reverse(value) {
  if (typeof value === "string") return Array.from(value).reverse().join("");
  return Array.isArray(value) ? [...value].reverse() : noOverload("reverse", value);
}
