// SPDX-License-Identifier: MIT
'use strict';
const crypto = require('crypto');
const zlib = require('zlib');
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');

function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 8;
  };
}

function digest(data) {
  return crypto.createHash('sha256').update(data).digest('hex').slice(0, 24);
}

function objects(next, count) {
  const map = new Map();
  for (let i = 0; i < count; i++) {
    const key = `key${next() % 5000}`;
    const value = { i, text: 'x'.repeat(next() % 100), list: [next(), next()], parent: map.get(key) };
    if (value.parent) delete value.parent.parent;
    map.set(key, value);
  }
  const text = JSON.stringify([...map].sort());
  return `${map.size} ${digest(text)} ${JSON.parse(text).length}`;
}

function buffers(next, count) {
  const kept = [];
  for (let i = 0; i < count; i++) {
    const buffer = Buffer.alloc(1 + (next() % 60000), next() % 256);
    for (let at = 0; at < buffer.length; at += 97) buffer[at] = at;
    kept[next() % 200] = buffer;
  }
  const all = Buffer.concat(kept.filter(Boolean));
  const packed = zlib.deflateSync(all, { level: 6 });
  const copy = zlib.inflateSync(packed);
  return `${all.length} ${digest(all)} ${digest(packed)} ${copy.equals(all)}`;
}

function strings(next, count) {
  let text = '';
  for (let i = 0; i < count; i++) text += String.fromCodePoint(0x20 + (next() % 0x500));
  const words = text.split(/[\s.,]+/u).map((word) => word.normalize('NFKD').toUpperCase()).sort();
  return `${words.length} ${digest(words.join('|'))}`;
}

function work(seed, scale) {
  const next = numbers(seed);
  return [objects(next, 20000 * scale), buffers(next, 1000 * scale), strings(next, 50000 * scale)];
}

if (isMainThread) {
  console.log('main', work(1, 2));
  const results = [];
  for (let number = 0; number < 4; number++) {
    const payload = Buffer.alloc(1 << 20, number).buffer;
    const options = { workerData: { number, payload }, transferList: [payload] };
    const worker = new Worker(__filename, options);
    worker.on('message', (message) => { results[number] = message; });
    worker.on('exit', (status) => results[number].push(status));
  }
  process.on('exit', () => console.log('workers', results));
} else {
  const { number, payload } = workerData;
  parentPort.postMessage([...work(number, 1), digest(Buffer.from(payload))]);
}
