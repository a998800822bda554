// SPDX-License-Identifier: MIT
// Node: buffers and array buffers (malloc), JSON and objects (V8's own heap), a worker thread, zlib.
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const zlib = require('zlib');

function work(scale, seed) {
    const kept = [];
    let sum = 0;
    for (let i = 0; i < scale * 400; i++) {
        const size = 4096 + (i * 7919 + seed) % 60000;
        const buffer = Buffer.alloc(size, i & 255);
        kept[(i * 31) % 200] = buffer;
        sum += buffer[size - 1] + new Float64Array(64 + i % 512).length;
    }
    const rows = [];
    for (let i = 0; i < scale * 200; i++)
        rows.push({ id: i, name: `row ${i * 7919 % 1009}`, list: [i, i + 1, i + 2] });
    const text = JSON.stringify(rows);
    const packed = zlib.deflateSync(text);
    return [sum, JSON.parse(zlib.inflateSync(packed).toString()).length, packed.length].join(' ');
}

if (isMainThread) {
    const scale = Number(process.argv[2]);
    const worker = new Worker(__filename, { workerData: scale });
    const own = work(scale, 1);
    worker.once('message', (other) => console.log(`${own} / ${other}`));
} else {
    parentPort.postMessage(work(workerData, 2));
}
