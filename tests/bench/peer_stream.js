// peer_stream.js NAME REDIS FOLDER smtp|http PORT CONNECTIONS: a worker that reads events from the stream as one of a
// group, as many at once as there are connections and as many again, and acknowledges each when its message is taken;
// until it is ended. It keeps nothing on customers.
'use strict';
const Redis = require('ioredis');
const { business, overSmtp } = require('./peer_business');

const [name, path, folder, how, port, connections] = process.argv.slice(2);
const STREAM = 'nudged:events', GROUP = 'workers', MOST = 2 * connections;

function overHttp() {
    const { Pool } = require('undici');
    const pool = new Pool(`http://127.0.0.1:${port}`, { connections: Number(connections), pipelining: 1 });
    const headers = { 'content-type': 'application/json' };
    return async (message) => {
        const { statusCode, body } = await pool.request({ path: '/send', method: 'POST', headers,
            body: JSON.stringify(message) });
        await body.dump();
        if (statusCode >= 300) throw new Error(`${statusCode}`);
    };
}

async function main() {
    const handle = business(folder, how === 'http' ? overHttp() : overSmtp(port, connections));
    const reading = new Redis({ path });
    const writing = new Redis({ path, enableAutoPipelining: true });
    await reading.xgroup('CREATE', STREAM, GROUP, '0', 'MKSTREAM').catch(() => {});
    let busy = 0, wake = () => {};
    const one = async ([id, [, text]]) => {
        await handle(JSON.parse(text));
        await Promise.all([writing.xack(STREAM, GROUP, id), writing.xdel(STREAM, id)]);
        busy--;
        wake();
    };
    for (;;) {
        const read = await reading.xreadgroup('GROUP', GROUP, name, 'COUNT', MOST - busy, 'BLOCK', 1000,
            'STREAMS', STREAM, '>');
        for (const entry of read ? read[0][1] : []) {
            busy++;
            one(entry).catch((fault) => { console.error(fault); process.exit(1); });
        }
        while (busy > MOST / 2) await new Promise((resolve) => { wake = resolve; });
    }
}

main();
