// order_liquidjs.js FOLDER [show]: what bench_liquid measures, with liquidjs. Prints the
// order mails rendered in a second of the processor's time, of one round after some time that
// warms up; with `show` the mail's HTML instead.
'use strict';
const fs = require('fs');
const path = require('path');
const { Liquid } = require('liquidjs');

const WARM_MS = 2000;
const ROUND_MS = 400;

const folder = process.argv[2];
const read = (name) => fs.readFileSync(path.join(folder, name), 'utf8');
const plain = new Liquid({ strictFilters: true });
const html = new Liquid({ strictFilters: true, outputEscape: 'escape' });
const parts = [
    [plain, plain.parse(read('order.subject.liquid'))],
    [plain, plain.parse(read('order.text.liquid'))],
    [html, html.parse(read('order.html.liquid'))],
];
const data = JSON.parse(read('order.json'));
const render = () => parts.map(([engine, part]) => engine.renderSync(part, data));

// Microseconds that the process had, whoever else runs.
const ownTime = () => { const own = process.cpuUsage(); return own.user + own.system; };

function measure(ms) {
    const start = ownTime();
    let count = 0, spent = 0;
    while (spent < ms * 1000) {
        for (let i = 0; i < 100; i++) render();
        count += 100;
        spent = ownTime() - start;
    }
    return count * 1e6 / spent;
}

if (process.argv[3] !== 'show') measure(WARM_MS);
process.stdout.write(process.argv[3] === 'show' ? render()[2] : `${measure(ROUND_MS).toFixed(0)}\n`);
