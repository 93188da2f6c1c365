// Reads the tokens in links that nudged mailed (docs/unsubscribe.md). Node 16 or newer, nothing else.
//
//   const { readKeys, readToken } = require('./nudged_token');
//   const keys = readKeys(fs.readFileSync('/etc/nudged/token-keys', 'utf8'));
//   const fields = readToken(keys, 'unsubscribe', token);   // ['id:7', 'offers'], or null

'use strict';

const crypto = require('crypto');
const fs = require('fs');

const FIELDS = { unsubscribe: 2, preferences: 1, confirm: 3 };

// The keys of token_keys_file; `secret`: a Buffer of secret_file, for mails of former releases.
function readKeys(text, secret) {
  const keys = new Map();
  for (const line of text.split('\n')) {
    const words = line.trim().split(/\s+/);
    if (words[0] && !words[0].startsWith('#')) keys.set(words[0], Buffer.from(words[1], 'hex'));
  }
  if (secret) keys.set('1', Buffer.from(secret.toString('latin1').replace(/[\r\n]+$/, ''), 'latin1'));
  return keys;
}

// The bytes of base64url without padding; null where it has another spelling.
function decode(text) {
  const data = Buffer.from(text, 'base64url');
  return data.toString('base64url') === text ? data : null;
}

function hmac(key, data) {
  return crypto.createHmac('sha256', key).update(data).digest();
}

function unseal(key, tag, sealed) {
  const text = Buffer.alloc(sealed.length);
  for (let at = 0, stream; at < sealed.length; at++) {
    if (at % 32 === 0) stream = hmac(key, Buffer.concat([Buffer.from('seal\0'), tag, Buffer.from([at / 32])]));
    text[at] = sealed[at] ^ stream[at % 32];
  }
  return text;
}

// The fields of a token that one of the keys signed for this purpose; null: it is void, or expired.
//
// unsubscribe: the customer's key, the topic ("all": all); preferences: the customer's key;
// confirm: the customer's key, the topics with commas between, until when (ms since 1970).
function readToken(keys, purpose, token, nowMs = Date.now()) {
  const [name, ...encoded] = token.split('.');
  const key = keys.get(name);
  const parts = encoded.map(decode);
  const open = name === '1';
  if (!key || parts.includes(null) || parts.length !== (open ? 2 : 1)) return null;
  if (parts[open ? 1 : 0].length < (open ? 32 : 16)) return null;
  const mac = open ? parts[1] : parts[0].subarray(0, 16);
  const text = open ? parts[0] : unseal(key, mac, parts[0].subarray(16));
  const right = hmac(key, Buffer.concat([Buffer.from(`${purpose}\0${name}\0`), text]));
  if (mac.length !== (open ? 32 : 16) || !crypto.timingSafeEqual(mac, right.subarray(0, mac.length))) return null;
  const fields = text.toString('utf8').split('\0');
  if (fields.length !== FIELDS[purpose]) return null;
  return purpose === 'confirm' && Number(fields[2]) <= nowMs ? null : fields;
}

module.exports = { readKeys, readToken };

if (require.main === module) { // KEYS [SECRET]: of each line "PURPOSE TOKEN" the fields as JSON, or null
  const [, , keysFile, secretFile] = process.argv;
  const keys = readKeys(fs.readFileSync(keysFile, 'utf8'), secretFile && fs.readFileSync(secretFile));
  for (const line of fs.readFileSync(0, 'utf8').split('\n').slice(0, -1)) {
    const space = line.indexOf(' ');
    console.log(JSON.stringify(readToken(keys, line.slice(0, space), line.slice(space + 1))));
  }
}
