// peer_bullmq.js fill REDIS COUNT < EVENTS: adds a job for each line.
// peer_bullmq.js pace REDIS RATE < EVENTS: adds so many a second; prints the line's number and when (CLOCK_MONOTONIC, ns).
// peer_bullmq.js work REDIS FOLDER PORT CONNECTIONS: a worker, until it is ended.
'use strict';
const { Queue, Worker } = require('bullmq');

const [what, path, ...rest] = process.argv.slice(2);
const connection = { path, maxRetriesPerRequest: null };

const read = () => require('fs').readFileSync(0, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line));
const options = (event) => ({ jobId: event.id, removeOnComplete: true, removeOnFail: 1000, attempts: 5,
    backoff: { type: 'exponential', delay: 1000 } });

async function fill() {
    const queue = new Queue('events', { connection });
    const events = read();
    for (let at = 0; at < events.length; at += 500)
        await queue.addBulk(events.slice(at, at + 500).map((data) => ({ name: data.type, data, opts: options(data) })));
    await queue.close();
}

async function pace(rate) {
    const queue = new Queue('events', { connection });
    await queue.waitUntilReady();
    const begin = Date.now(), adding = [];
    for (const [number, data] of read().entries()) {
        await new Promise((resolve) => setTimeout(resolve, begin + number * 1000 / rate - Date.now()));
        console.log(`${number} ${process.hrtime.bigint()}`);
        adding.push(queue.add(data.type, data, options(data)));
    }
    await Promise.all(adding);
    await queue.close();
}

function work(folder, port, connections) {
    const { business, overSmtp } = require('./peer_business');
    const handle = business(folder, overSmtp(port, connections));
    const worker = new Worker('events', (job) => handle(job.data), { connection, concurrency: 2 * connections });
    worker.on('error', (fault) => console.error(fault));
    worker.on('failed', (job, fault) => console.error(fault));
}

if (what === 'fill') fill();
else if (what === 'pace') pace(...rest);
else work(...rest);
