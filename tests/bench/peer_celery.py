"""A Celery application that handles events of shop.py with Jinja2 and smtplib: each of its processes keeps its
connection open. Set up by $PEER_REDIS, $PEER_FOLDER and $PEER_PORT."""

import email.message
import email.policy
import os
import pathlib
import smtplib
import sys

import celery
import jinja2

FOLDER, PORT = pathlib.Path(os.environ["PEER_FOLDER"]), int(os.environ["PEER_PORT"])
RULES = [
    ("order.placed", lambda e: e["order"]["total"] > 500),
    ("order.placed", lambda e: e["order"]["country"] == "FI"),
    ("order.placed", lambda e: e["customer"]["tier"] == "gold" and e["order"]["total"] > 50),
    ("cart.updated", lambda e: True),
    ("order.paid", lambda e: True),
    ("order.shipped", lambda e: True),
    ("order.delivered", lambda e: True),
    ("customer.signed_up", lambda e: True),
    ("order.cancelled", lambda e: True),
    ("order.placed", lambda e: 10 < e["order"]["total"] <= 500),
]

app = celery.Celery("peer_celery", broker=f"redis+socket://{os.environ['PEER_REDIS']}")
app.conf.update(task_ignore_result=True, task_acks_late=True, worker_prefetch_multiplier=8,
                broker_transport_options={"visibility_timeout": 3600}, worker_hijack_root_logger=False)

plain, escaped = jinja2.Environment(), jinja2.Environment(autoescape=True)
subject = plain.from_string((FOLDER / "subject").read_text())
text = plain.from_string((FOLDER / "text").read_text())
html = escaped.from_string((FOLDER / "html").read_text())
smtp = None


def deliver(message):
    """Over the connection of this process; a new one, once, where the server has closed it."""
    global smtp
    for last in (False, True):
        try:
            smtp = smtp or smtplib.SMTP("127.0.0.1", PORT)
            return smtp.send_message(message)
        except smtplib.SMTPServerDisconnected:
            smtp = None
            if last:
                raise


@app.task(autoretry_for=(OSError, smtplib.SMTPException), retry_backoff=True)
def handle(event):
    for kind, matches in RULES:
        if kind != event["type"] or not matches(event):
            continue
        message = email.message.EmailMessage(email.policy.SMTP)
        message["From"], message["To"] = "a@shop.example", event["customer"]["email"]
        message["Subject"] = subject.render(event)
        message.set_content(text.render(event))
        message.add_alternative(html.render(event), subtype="html")
        deliver(message)


if __name__ == "__main__":  # fills the queue from standard input
    import json

    with app.pool.acquire() as connection:
        producer = app.amqp.Producer(connection)
        for line in sys.stdin:
            handle.apply_async((json.loads(line),), producer=producer)
