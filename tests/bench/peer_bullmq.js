// peer_bullmq.js fill REDIS COUNT < EVENTS: adds a job for each line.
// peer_bullmq.js work REDIS FOLDER PORT CONNECTIONS: a worker, until it is ended.
'use strict';
const { Queue, Worker } = require('bullmq');

const [what, path, ...rest] = process.argv.slice(2);
const connection = { path, maxRetriesPerRequest: null };

async function fill() {
    const queue = new Queue('events', { connection });
    const opts = { removeOnComplete: true, removeOnFail: 1000, attempts: 5,
        backoff: { type: 'exponential', delay: 1000 } };
    const lines = require('fs').readFileSync(0, 'utf8').trimEnd().split('\n');
    for (let at = 0; at < lines.length; at += 500)
        await queue.addBulk(lines.slice(at, at + 500).map((line) => {
            const data = JSON.parse(line);
            return { name: data.type, data, opts: { ...opts, jobId: data.id } };
        }));
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
else work(...rest);
