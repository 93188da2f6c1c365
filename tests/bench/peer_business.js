// What the workers in JavaScript share: the rules of shop.py as functions, its message with liquidjs, and
// nodemailer over connections that stay open.
'use strict';
const fs = require('fs');
const { Liquid } = require('liquidjs');
const nodemailer = require('nodemailer');

const rules = [
    { on: 'order.placed', if: (e) => e.order.total > 500 },
    { on: 'order.placed', if: (e) => e.order.country === 'FI' },
    { on: 'order.placed', if: (e) => e.customer.tier === 'gold' && e.order.total > 50 },
    { on: 'cart.updated', if: () => true },
    { on: 'order.paid', if: () => true },
    { on: 'order.shipped', if: () => true },
    { on: 'order.delivered', if: () => true },
    { on: 'customer.signed_up', if: () => true },
    { on: 'order.cancelled', if: () => true },
    { on: 'order.placed', if: (e) => e.order.total > 10 && e.order.total <= 500 },
];

// deliver(message) is given {to, subject, text, html}; returns a function of an event.
function business(folder, deliver) {
    const plain = new Liquid();
    const escaped = new Liquid({ outputEscape: 'escape' });
    const read = (name) => fs.readFileSync(`${folder}/${name}`, 'utf8');
    const subject = plain.parse(read('subject'));
    const text = plain.parse(read('text'));
    const html = escaped.parse(read('html'));
    return async (event) => {
        for (const rule of rules) {
            if (rule.on !== event.type || !rule.if(event)) continue;
            await deliver({
                to: event.customer.email,
                subject: plain.renderSync(subject, event),
                text: plain.renderSync(text, event),
                html: escaped.renderSync(html, event),
            });
        }
    };
}

function overSmtp(port, connections) {
    const transport = nodemailer.createTransport({
        host: '127.0.0.1', port: Number(port), ignoreTLS: true, pool: true,
        maxConnections: Number(connections), maxMessages: Infinity,
    });
    return (message) => transport.sendMail({ from: 'a@shop.example', ...message });
}

module.exports = { business, overSmtp };
