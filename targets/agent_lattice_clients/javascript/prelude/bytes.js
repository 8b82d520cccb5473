// Bytes, UTF-8 and base64.

function bytes(...values) {
  return Uint8Array.from(values);
}

function joinBytes(...parts) {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function bytesOfText(text) {
  const made = [];
  for (const character of text) {
    const code = character.codePointAt(0);
    const more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    made.push([0, 0xc0, 0xe0, 0xf0][more] | (code >> (6 * more)));
    for (let at = more - 1; at >= 0; at -= 1) made.push(0x80 | ((code >> (6 * at)) & 0x3f));
  }
  return Uint8Array.from(made);
}

function textOfBytes(data) {
  const made = [];
  for (let at = 0; at < data.length; ) {
    const first = data[at];
    const more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    let code = more ? first & (0x3f >> more) : first;
    const rest = data.slice(at + 1, at + 1 + more);
    for (const byte of rest) code = (code << 6) | (byte & 0x3f);
    const least = [0, 0x80, 0x800, 0x10000][more];
    const isWrong = (first >= 0x80 && first < 0xc2) || first > 0xf4 || rest.length < more || code < least;
    if (isWrong || code > 0x10ffff || (code >= 0xd800 && code < 0xe000) || rest.some((byte) => byte >> 6 !== 2)) {
      throw new CelError("invalid UTF-8 in bytes, which cannot be converted to string");
    }
    made.push(String.fromCodePoint(code));
    at += 1 + more;
  }
  return made.join("");
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Base64 with padding.
function base64(data) {
  let made = "";
  for (let at = 0; at < data.length; at += 3) {
    const bits = (data[at] << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    const four = [18, 12, 6, 0].map((shift) => BASE64[(bits >> shift) & 63]).join("");
    made += four.slice(0, Math.min(data.length - at, 3) + 1).padEnd(4, "=");
  }
  return made;
}

// The bytes of a base64 text, with its padding or without.
function bytesOfBase64(text) {
  const plain = text.length % 4 === 0 ? text.replace(/={1,2}$/, "") : text;
  if (!/^[A-Za-z0-9+/]*$/.test(plain) || plain.length % 4 === 1) throw new CelError("invalid base64 data");
  const made = [];
  let bits = 0;
  [...plain].forEach((character, at) => {
    bits = ((bits << 6) | BASE64.indexOf(character)) & 0xffff;
    if (at % 4) made.push((bits >> (6 - 2 * (at % 4))) & 0xff);
  });
  return Uint8Array.from(made);
}
