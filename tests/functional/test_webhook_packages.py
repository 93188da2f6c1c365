"""What Shopify and Stripe themselves say of signatures, by their packages of npm, and what we say of the same
deliveries: the same."""

import json
import subprocess

import web_hooks
from npm_packages import npm_packages
from test_webhooks import open_shop
from web_hooks import SECRET

SHOPIFY = "@shopify/shopify-api@11.14.1"
STRIPE = "stripe@17.7.0"
VALIDATE = """
require('@shopify/shopify-api/adapters/node');
const {shopifyApi, ApiVersion} = require('@shopify/shopify-api');
const shopify = shopifyApi({apiKey: 'key', apiSecretKey: process.argv[2], scopes: [], hostName: 'shop.example',
  apiVersion: '2025-01', isEmbeddedApp: false, logger: {level: 0}});
const told = JSON.parse(require('fs').readFileSync(0));
(async () => {
  const answers = [];
  for (const {headers, body} of told) {
    const rawRequest = {method: 'POST', url: '/webhooks/shopify', headers};
    const seen = await shopify.webhooks.validate({rawBody: body, rawRequest, rawResponse: {}});
    answers.push(seen.valid);
  }
  console.log(JSON.stringify(answers));
})();
"""
SIGN = """
const stripe = require('stripe')('sk_test_x');
const told = JSON.parse(require('fs').readFileSync(0));
console.log(JSON.stringify(told.map(({payload, secret, timestamp, header}) => header === undefined
  ? stripe.webhooks.generateTestHeaderString({payload, secret, timestamp})
  : (() => {
      try { stripe.webhooks.constructEvent(payload, header, secret); return true; } catch { return false; }
    })())));
"""


def node(folder, script, told):
    done = subprocess.run(["node", "-e", script], cwd=folder,
                          input=json.dumps(told), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_shopify(shop):
    folder = npm_packages(SHOPIFY)
    open_shop(shop, "shopify")
    headers, body = web_hooks.shopify("orders_create")
    deliveries = [(headers, body), (headers, body + b" "), (web_hooks.shopify("orders_create", "guessed")[0], body),
                  ({**headers, "X-Shopify-Hmac-Sha256": "x"}, body),
                  ({k: v for k, v in headers.items() if k != "X-Shopify-Hmac-Sha256"}, body)]
    theirs = node(folder, VALIDATE.replace("process.argv[2]", json.dumps(SECRET)),
                  [{"headers": {**head, "Content-Length": str(len(text))}, "body": text.decode()}
                   for head, text in deliveries])
    ours = [shop.web.send("shopify", head, text)[0] == 200 for head, text in deliveries]
    assert ours == theirs == [True, False, False, False, False]


def test_stripe(shop):
    folder = npm_packages(STRIPE)
    open_shop(shop, "stripe")
    _, body = web_hooks.stripe("checkout_session_completed")
    text = body.decode()
    signed = node(folder, SIGN, [{"payload": text, "secret": SECRET}, {"payload": text, "secret": "guessed"},
                                 {"payload": text, "secret": SECRET, "timestamp": 1},
                                 {"payload": text + " ", "secret": SECRET}])
    headers = [*signed, web_hooks.stripe("checkout_session_completed")[0]["Stripe-Signature"], "t=1", ""]
    theirs = node(folder, SIGN, [{"payload": text, "secret": SECRET, "header": header} for header in headers])
    ours = [shop.web.send("stripe", {"Content-Type": "application/json", "Stripe-Signature": header}, body)[0] == 200
            for header in headers]
    assert ours == theirs == [True, False, False, False, True, False, False]
