// Emits events with CloudEvents' own SDK, in each of its modes. Arguments: the address, the token.
const { CloudEvent, HTTP, Mode, emitterFor } = require('cloudevents');

const [, , url, token] = process.argv;

async function send(message) {
  const answer = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { ...message.headers, authorization: `Bearer ${token}` },
    body: message.body,
  });
  const said = await answer.json();
  if (answer.status !== 202) throw new Error(`${answer.status} ${JSON.stringify(said)}`);
  return said;
}

function event(id) {
  return new CloudEvent({
    id,
    type: 'order.placed',
    source: '/shop',
    time: '2026-03-01T10:00:00Z',
    data: { customer: { id: 7 }, order: { name: '#1001', total: 64.9 } },
  });
}

async function main() {
  await send(HTTP.binary(event('binary 100%')));
  await send(HTTP.structured(event('structured')));
  await emitterFor(send, { mode: Mode.BINARY })(event('emitter'));
  // It makes no batches itself; its events print as one.
  await send({
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: JSON.stringify([event('batch 1'), event('batch 2')]),
  });
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
